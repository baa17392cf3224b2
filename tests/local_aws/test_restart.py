"""What a stop and what a kill leave behind: all of the state, none of the processes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_aws import process_table

pytestmark = pytest.mark.stack

PASSWORD = "Correct-Horse-42!"
ENDLESS = "import time\ndef handler(event, context):\n    time.sleep(event.get('seconds', 0))\n    return 'done'\n"


def fill(server: Any) -> dict[str, Any]:
    """Something in each service whose loss a user would notice; returns what is needed to find it again."""
    s3, sqs, dynamodb, kms = (server.client(name) for name in ("s3", "sqs", "dynamodb", "kms"))
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="kept", Key="a", Body=b"first" * 1000)["VersionId"]
    s3.put_object(Bucket="kept", Key="a", Body=b"second", Metadata={"note": "x"})
    queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    dynamodb.create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    dynamodb.put_item(TableName="kept", Item={"id": {"S": "1"}, "value": {"N": "42"}})
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"token", EncryptionContext={"a": "b"})["CiphertextBlob"]
    digest = bytes(range(32))
    signature = kms.sign(KeyId=signing, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")[
        "Signature"
    ]
    server.client("ssm").put_parameter(Name="/kept/name", Type="String", Value="x")
    server.client("secretsmanager").create_secret(Name="kept", SecretString="s")
    topic = server.client("sns").create_topic(Name="kept")["TopicArn"]
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:kept")
    server.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
    server.client("logs").create_log_group(logGroupName="kept")
    server.client("events").put_rule(Name="kept", ScheduleExpression="rate(1 hour)")
    return {
        "version": version,
        "queue": queue,
        "secret": secret,
        "signing": signing,
        "signature": signature,
        "digest": digest,
        "topic": topic,
        **add_user(server),
    }


def add_user(server: Any) -> dict[str, str]:
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="kept")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="kept", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=PASSWORD, Permanent=True)
    return {"pool": pool, "client": client}


def check(server: Any, kept: dict[str, Any]) -> None:
    s3, sqs, kms = (server.client(name) for name in ("s3", "sqs", "kms"))
    assert s3.get_object(Bucket="kept", Key="a")["Body"].read() == b"second"
    assert s3.get_object(Bucket="kept", Key="a", VersionId=kept["version"])["Body"].read() == b"first" * 1000
    message = sqs.receive_message(QueueUrl=kept["queue"], WaitTimeSeconds=2)["Messages"][0]
    assert message["Body"] == "hello"
    sqs.change_message_visibility(QueueUrl=kept["queue"], ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    item = server.client("dynamodb").get_item(TableName="kept", Key={"id": {"S": "1"}})["Item"]
    assert item["value"] == {"N": "42"}
    assert kms.decrypt(CiphertextBlob=kept["secret"], EncryptionContext={"a": "b"})["Plaintext"] == b"token"
    assert kms.verify(
        KeyId=kept["signing"],
        Message=kept["digest"],
        MessageType="DIGEST",
        Signature=kept["signature"],
        SigningAlgorithm="ECDSA_SHA_256",
    )["SignatureValid"]
    login = server.client("cognito-idp").admin_initiate_auth(
        UserPoolId=kept["pool"],
        ClientId=kept["client"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
    )
    assert "AccessToken" in login["AuthenticationResult"]
    assert server.client("ssm").get_parameter(Name="/kept/name")["Parameter"]["Value"] == "x"
    assert server.client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "s"
    assert len(server.client("sns").list_subscriptions_by_topic(TopicArn=kept["topic"])["Subscriptions"]) == 1
    assert server.client("iam").get_role(RoleName="kept")["Role"]["RoleName"] == "kept"
    assert server.client("logs").describe_log_groups(logGroupNamePrefix="kept")["logGroups"]
    assert server.client("events").describe_rule(Name="kept")["ScheduleExpression"] == "rate(1 hour)"


def test_everything_survives_a_kill_and_a_clean_stop_at_once(own_server: Callable[..., Any]) -> None:
    server = own_server()
    url, kept = server.url, fill(server)
    server.kill()
    server.start()
    assert server.url == url
    check(server, kept)
    # A clean stop saves even what was written a moment ago.
    server.client("s3").put_object(Bucket="kept", Key="last", Body=b"moment")
    server.client("dynamodb").put_item(TableName="kept", Item={"id": {"S": "last"}})
    assert server.stop() == 0
    server.start()
    check(server, kept)
    assert server.client("s3").get_object(Bucket="kept", Key="last")["Body"].read() == b"moment"
    assert "Item" in server.client("dynamodb").get_item(TableName="kept", Key={"id": {"S": "last"}})


def test_snapshot_stays_small_and_bodies_are_written_once(own_server: Callable[..., Any]) -> None:
    server = own_server()
    s3, folder = server.client("s3"), server.state_dir / "moto"
    s3.create_bucket(Bucket="big")
    body = bytes(range(256)) * 8 * 1024
    for number in range(5):
        s3.put_object(Bucket="big", Key=str(number), Body=body)
    server.stop()
    bodies = list((folder / "s3-bodies").iterdir())
    assert [path.stat().st_size for path in bodies] == [len(body)]
    assert [path.stat().st_size < 20_000 for path in folder.glob("s3.*.snapshot")] == [True]
    server.start()
    assert server.client("s3").get_object(Bucket="big", Key="3")["Body"].read() == body
    for number in range(5):
        server.client("s3").delete_object(Bucket="big", Key=str(number))
    server.stop()
    assert list((folder / "s3-bodies").iterdir()) == []


def test_state_is_for_its_owner_only(own_server: Callable[..., Any]) -> None:
    server = own_server()
    server.client("s3").create_bucket(Bucket="private")
    server.client("s3").put_object(Bucket="private", Key="a", Body=b"x")
    server.stop()
    open_to_others = [path for path in server.state_dir.rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_no_process_survives_a_clean_stop(own_server: Callable[..., Any], make_function: Callable[..., str]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        server = own_server()
        name = make_function(server, ENDLESS)
        server.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        children = descendants(server.pid)
        assert children
        assert server.stop(number) == 0
        assert [pid for pid in children if alive(pid)] == []
        assert json.loads((server.state_dir / "endpoint.json").read_text())["pid"] is None


def test_no_process_survives_a_kill_a_restart_and_a_stop(
    own_server: Callable[..., Any], make_function: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    server = own_server()
    name = make_function(server, ENDLESS)
    server.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    before = descendants(server.pid)
    server.kill()
    eventually(lambda: not [pid for pid in before if alive(pid)])  # by the parent-death signal
    server.start()
    server.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    after = descendants(server.pid)
    assert after
    server.stop()
    assert [pid for pid in before + after if alive(pid)] == []


def test_stop_command_ends_a_server_that_hangs_and_its_children(
    own_server: Callable[..., Any], make_function: Callable[..., str]
) -> None:
    server = own_server()
    server.client("lambda").invoke(FunctionName=make_function(server, ENDLESS), Payload=b"{}")
    children = [server.pid, *descendants(server.pid)]
    subprocess.run(["kill", "-STOP", str(server.pid)], check=True)
    done = command("stop", server.state_dir, "--timeout", "0.5")
    assert (done.returncode, done.stdout) == (0, "stopped\n")
    server.stop()
    assert [pid for pid in children if alive(pid)] == []
    assert command("stop", server.state_dir).stdout == "was not running\n"


def test_status_tells_whether_it_runs(own_server: Callable[..., Any]) -> None:
    server = own_server()
    running = command("status", server.state_dir)
    assert running.returncode == 0
    assert running.stdout.startswith(f"running: {server.url} (pid {server.pid})\n")
    server.kill()
    assert command("status", server.state_dir).returncode == 3


def test_second_server_on_the_same_folder_is_refused(own_server: Callable[..., Any]) -> None:
    server = own_server()
    second = command("start", server.state_dir)
    assert second.returncode == 1
    assert "another local_aws is using this folder" in second.stderr
    assert str(server.pid) in second.stderr


def test_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = command("start", tmp_path / "state", "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("state.sqlite3", b"no database" * 500, "not a usable state file"),
        ("endpoint.json", b"{", "not an endpoint file"),
        ("moto/s3.snapshot", b"nothing\n", "not a snapshot"),
        ("moto/s3.snapshot", b"local_aws snapshot, moto 0.0.1\n", "install moto==0.0.1"),
    ],
)
def test_broken_state_folder_is_refused_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / "state" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    refused = command("start", tmp_path / "state")
    assert refused.returncode == 1
    assert problem in refused.stderr
    assert "Traceback" not in refused.stderr


def command(name: str, state_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "local_aws", name, "--state-dir", str(state_dir), *options]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=90, check=False)


def descendants(pid: int) -> list[int]:
    """Every process that the server started, by parent ids in /proc."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                text = (path / "stat").read_text()
            except OSError:
                continue
            parents[int(path.name)] = int(text[text.rindex(")") + 2 :].split()[1])
    found = [pid]
    for candidate in found:
        found += [child for child, parent in parents.items() if parent == candidate]
    return found[1:]


def alive(pid: int) -> bool:
    entry = process_table.entry(pid)
    return entry is not None and entry.state not in "ZX"
