"""Glue jobs.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack


def test_a_job_keeps_what_it_was_given_and_gets_the_defaults(glue: Any, name: str) -> None:
    glue.create(name, "print()", DefaultArguments={"--stack": "demo"}, WorkerType="G.1X", NumberOfWorkers=2)
    job = glue.api.get_job(JobName=name)["Job"]
    assert job["DefaultArguments"] == {"--stack": "demo"}
    assert (job["WorkerType"], job["NumberOfWorkers"]) == ("G.1X", 2)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert (job["Timeout"], job["MaxRetries"]) == (480, 0)


def test_the_same_job_may_be_created_again_but_not_another_of_its_name(glue: Any, name: str) -> None:
    glue.create(name, "print()")
    glue.create(name, "print()")
    with pytest.raises(glue.api.exceptions.IdempotentParameterMismatchException, match="different configuration"):
        glue.create(name, "print()", Timeout=5)


def test_an_update_replaces_the_definition(glue: Any, name: str) -> None:
    glue.create(name, "print()", DefaultArguments={"--stack": "demo"}, Timeout=5)
    before = glue.api.get_job(JobName=name)["Job"]
    command = {"Name": "glueetl", "ScriptLocation": "s3://glue/other.py"}
    glue.api.update_job(JobName=name, JobUpdate={"Role": "other", "Command": command, "GlueVersion": "5.1"})
    after = glue.api.get_job(JobName=name)["Job"]
    assert after["Command"]["ScriptLocation"] == "s3://glue/other.py"
    assert "DefaultArguments" not in after
    assert (after["Timeout"], after["CreatedOn"]) == (480, before["CreatedOn"])


def test_jobs_are_listed(glue: Any, name: str) -> None:
    glue.create(name, "print()")
    assert name in [job["Name"] for job in glue.api.get_jobs()["Jobs"]]
    assert name in glue.api.list_jobs()["JobNames"]


def test_a_job_is_deleted_and_a_second_time_is_no_error(glue: Any, name: str) -> None:
    glue.create(name, "print()")
    for _ in range(2):
        assert glue.api.delete_job(JobName=name)["JobName"] == name
    with pytest.raises(glue.api.exceptions.EntityNotFoundException, match="Job not found"):
        glue.api.get_job(JobName=name)


@pytest.mark.parametrize("more", [{"MaxRetries": 1}, {"GlueVersion": "new"}])
def test_what_is_not_done_here_is_refused(glue: Any, name: str, more: dict[str, Any]) -> None:
    command = {"Name": "glueetl", "ScriptLocation": "s3://glue/script.py"}
    with pytest.raises(ClientError) as refused:
        glue.api.create_job(Name=name, Role="role", Command=command, **more)
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"


def test_the_catalogue_stays_motos(glue: Any, name: str) -> None:
    glue.api.create_database(DatabaseInput={"Name": name})
    assert glue.api.get_database(Name=name)["Database"]["Name"] == name
