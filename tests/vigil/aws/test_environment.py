import boto3
import pytest
from moto import mock_aws

from vigil.aws.environment import (
    ConfigurationError,
    StackParameters,
    load_parameters,
    parse_parameters,
    stack_name,
)

STACK = "unit"


def every_parameter() -> dict[str, str]:
    """A text for each parameter that the code needs, derived from the types: a new one is never forgotten."""
    values = {}
    for group, group_field in StackParameters.model_fields.items():
        for field in group_field.annotation.model_fields:
            name = f"/vigil/{STACK}/{group.replace('_', '-')}/{field.replace('_', '-')}"
            values[name] = "1209600" if field.endswith("seconds") else f"the-{group}-{field}"
    return values


def test_parameters_read_across_pages_become_named_fields(monkeypatch):
    monkeypatch.setenv("VIGIL_STACK", STACK)
    with mock_aws():
        ssm = boto3.client("ssm", region_name="us-east-1")
        for name, value in every_parameter().items():
            ssm.put_parameter(Name=name, Value=value, Type="String")
        ssm.put_parameter(Name="/vigil/unit2/buckets/raw", Value="another stack", Type="String")
        parameters = load_parameters(ssm)
    assert len(every_parameter()) > 10, "fewer than one page: the paging would not be tried"
    assert parameters.buckets.raw == "the-buckets-raw"
    assert parameters.state_machines.train_and_promote == "the-state_machines-train_and_promote"
    assert parameters.timing.approval_timeout_seconds == 1209600


def test_missing_parameter_is_named_with_its_path():
    values = every_parameter()
    del values[f"/vigil/{STACK}/queues/train-model"]
    with pytest.raises(ConfigurationError, match=r"/vigil/unit/queues/train-model"):
        parse_parameters(STACK, values)


def test_missing_folder_names_each_parameter_in_it():
    values = {name: value for name, value in every_parameter().items() if "/keys/" not in name}
    with pytest.raises(ConfigurationError, match=r"/vigil/unit/keys/signing.*/vigil/unit/keys/data"):
        parse_parameters(STACK, values)


def test_parameters_of_a_newer_stack_are_ignored():
    assert parse_parameters(STACK, every_parameter() | {f"/vigil/{STACK}/later/thing": "x"})


def test_stack_name_comes_from_airflows_option_on_mwaa(monkeypatch):
    monkeypatch.delenv("VIGIL_STACK", raising=False)
    monkeypatch.setenv("AIRFLOW__VIGIL__STACK", "managed")
    assert stack_name() == "managed"


def test_no_stack_name_says_what_to_set(monkeypatch):
    monkeypatch.delenv("VIGIL_STACK", raising=False)
    monkeypatch.delenv("AIRFLOW__VIGIL__STACK", raising=False)
    with pytest.raises(ConfigurationError, match="VIGIL_STACK"):
        stack_name()
