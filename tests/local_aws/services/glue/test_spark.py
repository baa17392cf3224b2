"""The contract of a ``glueetl`` job, on real Spark. Where Java is missing these tests fail; they never skip.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-extensions.html
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_server import LocalServer, eventually

from local_aws.services.glue.spark import find_jars, spark_environment
from local_aws.settings import JobSettings

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

# As AWS's pages on the extensions write a script: options, context, job, S3 in and out.
SCRIPT = """
import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
job = Job(glue)
job.init(args["JOB_NAME"], args)
cases = spark.read.parquet(args["source"] + "cases/")
names = spark.read.option("header", True).csv(args["source"] + "names.csv")
joined = cases.join(names, "country").orderBy("case_id")
joined.coalesce(1).write.mode("overwrite").partitionBy("country").parquet(args["target"])
print("version", spark.version, "zone", spark.conf.get("spark.sql.session.timeZone"))
print("set by --conf:", spark.conf.get("spark.sql.shuffle.partitions"), spark.conf.get("spark.vigil"))
print("rows", spark.read.parquet(args["target"]).count())
job.commit()
"""

FOREVER = """
from awsglue.context import GlueContext
from pyspark.context import SparkContext
GlueContext(SparkContext.getOrCreate())
print("spark is up", flush=True)
import time
while True: time.sleep(1)
"""


def java_processes(state_dir: Path) -> list[int]:
    """JVMs that were started for this server: they carry its mark in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if "java" not in (process / "comm").read_text():
                continue
            if str(state_dir).encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def test_a_script_as_for_aws_reads_joins_and_writes_s3(glue: Any, name: str) -> None:
    cases = pa.table({"case_id": [3, 1, 2], "country": ["US", "DE", "US"]})
    buffer = io.BytesIO()
    pq.write_table(cases, buffer)
    glue.s3.put_object(Bucket="glue", Key=f"{name}/in/cases/part-0.parquet", Body=buffer.getvalue())
    glue.s3.put_object(Bucket="glue", Key=f"{name}/in/names.csv", Body=b"country,name\nUS,United States\nDE,Germany\n")
    glue.create(name, SCRIPT)
    arguments = {
        "--source": f"s3://glue/{name}/in/",
        "--target": f"s3://glue/{name}/out/",
        "--conf": "spark.sql.shuffle.partitions=3 --conf spark.vigil=yes",
    }
    run_id = glue.start(name, Arguments=arguments)
    assert glue.ended(name, run_id, within=240)["JobRunState"] == "SUCCEEDED", glue.log(run_id)
    log = glue.log(run_id)
    assert "version 3.5.6 zone UTC" in log
    assert "set by --conf: 3 yes" in log
    assert "rows 3" in log
    written = glue.s3.list_objects_v2(Bucket="glue", Prefix=f"{name}/out/")["Contents"]
    folders = {item["Key"].split("/")[2] for item in written if item["Key"].endswith(".parquet")}
    assert folders == {"country=US", "country=DE"}


def test_a_stopped_run_leaves_no_jvm(glue: Any, name: str) -> None:
    glue.create(name, FOREVER, Timeout=400)
    run_id = glue.start(name)
    eventually(lambda: "spark is up" in glue.log(run_id), within=240)
    assert java_processes(glue.state_dir)
    glue.api.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    assert glue.ended(name, run_id, within=60)["JobRunState"] == "STOPPED"
    eventually(lambda: not java_processes(glue.state_dir), within=30)


def test_a_python_shell_job_has_no_glue_extensions(glue: Any, name: str) -> None:
    glue.create(name, "import awsglue")
    command = {"Name": "pythonshell", "PythonVersion": "3", "ScriptLocation": f"s3://glue/{name}/script.py"}
    role = "arn:aws:iam::123456789012:role/glue"
    glue.api.update_job(JobName=name, JobUpdate={"Role": role, "Command": command, "GlueVersion": "5.1"})
    run = glue.ended(name, glue.start(name))
    assert "No module named 'awsglue'" in run["ErrorMessage"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "import sys\nfrom awsglue.utils import getResolvedOptions\ngetResolvedOptions(sys.argv, ['missing'])",
            "the following arguments are required: --missing",
        ),
        (
            "import sys\nfrom awsglue.utils import getResolvedOptions\ngetResolvedOptions(sys.argv, ['TempDir'])",
            "Using reserved arguments TempDir",
        ),
        (
            "from awsglue.job import Job\nJob(None).init('x', {'job_bookmark_option': 'job-bookmark-enable'})",
            "job-bookmark-enable is not served on this machine: use job-bookmark-disable",
        ),
        (
            "import os\nos.environ.update(PATH='/nowhere', JAVA_HOME='')\nimport awsglue.context",
            "Spark needs Java 17",
        ),
        ("import os\nos.environ['LOCAL_AWS_SPARK_JARS'] = ''\nimport awsglue.context", "requirements/spark-jars.txt"),
    ],
)
def test_what_is_not_there_or_not_served_is_said_in_the_runs_error(
    glue: Any, name: str, script: str, message: str
) -> None:
    glue.create(name, script)
    run = glue.ended(name, glue.start(name))
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_the_jars_are_there() -> None:
    assert [jar.name.rsplit("-", 1)[0] for jar in find_jars()] == ["hadoop-aws", "aws-java-sdk-bundle"]


def test_a_runs_configuration_is_its_owners_and_holds_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    variables = spark_environment(tmp_path, "http://127.0.0.1:1", {}, JobSettings())
    folder = Path(variables["SPARK_CONF_DIR"])
    assert folder.stat().st_mode & 0o077 == 0
    text = "".join(path.read_text() for path in folder.iterdir())
    assert "http://127.0.0.1:1" in text and "very-secret" not in text
    assert os.pathsep.join(str(jar) for jar in find_jars()) == variables["LOCAL_AWS_SPARK_JARS"]


def test_a_run_that_was_interrupted_by_kill_9_leaves_no_jvm_behind(start_server: Callable[[], LocalServer]) -> None:
    """The JVM ends with its Python process, and a restarted server ends what is left of either."""
    server = start_server()
    s3, api = server.client("s3"), server.client("glue")
    s3.put_object(Bucket="glue", Key="forever.py", Body=FOREVER.encode())
    command = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://glue/forever.py"}
    api.create_job(Name="forever", Role="arn:aws:iam::123456789012:role/g", Command=command, GlueVersion="5.1")
    api.start_job_run(JobName="forever", Timeout=400)
    eventually(lambda: java_processes(server.state_dir), within=240)
    server.kill()
    eventually(lambda: not java_processes(server.state_dir), within=60)
