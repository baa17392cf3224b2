"""Who may do what, by the words of the policies; roles are refused in test_functions_under_their_roles.py too."""

from __future__ import annotations

from typing import Any

from cloudformation_template import references, resources_of, statements, who_may

Template = dict[str, Any]
# Actions that know no resource: API references of ECR, CloudWatch and CloudWatch Logs.
ANY_RESOURCE = {f"cloudwatch:{action}" for action in ("PutMetricData", "GetMetricStatistics", "DescribeAlarms")}
ANY_RESOURCE |= {"ecr:GetAuthorizationToken", "sagemaker:ListModelPackages"}
KINDS_OF_MONITORING = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
ANY_RESOURCE |= {f"sagemaker:List{kind}JobDefinitions" for kind in KINDS_OF_MONITORING}


def test_no_policy_allows_a_wildcard_action(template: Template) -> None:
    for name, statement in statements(template):
        assert not [action for action in statement["Action"] if "*" in action], name


def test_no_policy_allows_every_resource_but_where_the_action_knows_none(template: Template) -> None:
    for name, statement in statements(template):
        if statement["Resource"] == "*":
            assert all(action in ANY_RESOURCE or action.startswith("logs:") for action in statement["Action"]), name


def test_no_role_has_inline_policies_and_each_is_trusted_by_one_service(template: Template) -> None:
    for name, role in resources_of(template, "AWS::IAM::Role").items():
        assert "Policies" not in role, name
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert set(statement["Principal"]) == {"Service"}, name
        assert isinstance(statement["Principal"]["Service"], str), name


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in resources_of(template, "AWS::Lambda::Function").values()]
    assert len(set(roles)) == len(roles)


def test_only_update_endpoint_may_put_something_new_behind_the_endpoint(template: Template) -> None:
    for action in ("CreateEndpointConfig", "CreateModel"):
        assert who_may(template, f"sagemaker:{action}") == {"UpdateEndpointPolicy"}, action


def test_only_update_endpoint_and_the_sweep_that_puts_back_may_change_the_endpoint(template: Template) -> None:
    for action in ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"):
        assert who_may(template, f"sagemaker:{action}") == {"UpdateEndpointPolicy", "DeliverDecisionPolicy"}, action


def test_the_sweep_may_read_everything_by_which_it_decides_to_put_back(template: Template) -> None:
    needed = {
        "states:ListExecutions": "UpdateEndpointStateMachine",
        "states:DescribeExecution": "update-endpoint",
        "dynamodb:GetItem": "ModelsTable",
        "sagemaker:DescribeEndpoint": "triage",
    }
    for action, resource in needed.items():
        found = [
            str(statement["Resource"])
            for name, statement in statements(template)
            if name == "DeliverDecisionPolicy" and action in statement["Action"]
        ]
        assert any(resource in each for each in found), action


def test_only_train_and_promote_and_roll_back_may_start_update_endpoint(template: Template) -> None:
    starters = {
        name
        for name, statement in statements(template)
        if "states:StartExecution" in statement["Action"]
        and "UpdateEndpointStateMachine" in references(statement["Resource"])
    }
    assert starters == {"TrainAndPromotePolicy", "RollBackPolicy"}


def test_a_roll_back_is_started_only_by_the_function_that_checks_what_is_asked(template: Template) -> None:
    starters = {
        name
        for name, statement in statements(template)
        if "states:StartExecution" in statement["Action"]
        and "RollBackStateMachine" in references(statement["Resource"])
    }
    assert starters == {"RequestRollbackPolicy"}
    held = references(resources_of(template, "AWS::IAM::Role")["RequestRollbackRole"]["ManagedPolicyArns"])
    assert {"SignInPolicy", "LedgerAppendPolicy"} <= held, "who asks is proven and recorded"


def test_the_waits_for_approval_of_both_machines_are_answered_and_failed_by_the_same_two(template: Template) -> None:
    answering = {"states:SendTaskSuccess": {"DeliverDecisionPolicy"}}
    answering["states:SendTaskFailure"] = {"DeliverDecisionPolicy", "FailWaitPolicy"}
    for action, policies in answering.items():
        for machine in ("TrainAndPromoteStateMachine", "RollBackStateMachine"):
            found = {
                name
                for name, statement in statements(template)
                if action in statement["Action"] and machine in references(statement["Resource"])
            }
            assert found == policies, (action, machine)


def test_only_the_desk_signs_decisions_and_only_the_seal_signs_checkpoints(template: Template) -> None:
    assert who_may(template, "kms:Sign") == {"ApprovalDeskPolicy", "CheckpointLedgerPolicy"}


def test_only_the_two_ends_of_a_task_token_may_use_the_key_directly(template: Template) -> None:
    """Everyone else reaches the data key only through a service that encrypts at rest."""
    direct = {
        name
        for name, statement in statements(template)
        if {"kms:Encrypt", "kms:Decrypt"} & set(statement["Action"])
        and "kms:ViaService" not in str(statement.get("Condition"))
    }
    approvals, deployments = (
        {"OpenApprovalPolicy", "DeliverDecisionPolicy"},
        {"AwaitDeploymentPolicy", "DeploymentEndedPolicy"},
    )
    assert direct == approvals | deployments
    for name, statement in statements(template):
        if name in direct and {"kms:Encrypt", "kms:Decrypt"} & set(statement["Action"]):
            bound_to = "request_id" if name in approvals else "wait_id"
            assert statement["Condition"] == {"Null": {f"kms:EncryptionContext:{bound_to}": "false"}}


def test_only_deliver_decision_may_answer_a_wait_and_the_dead_letters_may_fail_one(template: Template) -> None:
    deployments = {"AwaitDeploymentPolicy", "DeploymentEndedPolicy"}
    assert who_may(template, "states:SendTaskSuccess") == {"DeliverDecisionPolicy", *deployments}
    for name, statement in statements(template):
        if name in deployments and "states:SendTaskSuccess" in statement["Action"]:
            assert str(statement["Resource"]).endswith("stateMachine:vigil-${StackName}-update-endpoint'}"), name
    assert who_may(template, "states:SendTaskFailure") == {"DeliverDecisionPolicy", "FailWaitPolicy"}


def test_airflow_may_have_a_release_recorded_and_record_nothing_itself(template: Template) -> None:
    asked = [references(each["Resource"]) for name, each in statements(template) if name == "AirflowPolicy"
             and "lambda:InvokeFunction" in each["Action"]]  # fmt: skip
    assert {function for each in asked for function in each} >= {"RecordReleaseFunction"}
    for name, statement in statements(template):
        if "LedgerTable" in references(statement["Resource"]) and "dynamodb:PutItem" in statement["Action"]:
            assert name == "LedgerAppendPolicy"


def test_every_function_that_leaves_something_in_the_ledger_may_append_to_it(template: Template) -> None:
    recording = {
        "PinRun", "GateCandidate", "RegisterCandidate", "TrainModelHandler", "MarkActive", "RecordOutcome",
        "DeliverDecision", "OpenApproval", "VerifyApproval", "ApprovalDesk", "RecordRelease",
        "RemindApprovers", "FailWait", "AssessDrift", "AskForRetraining", "RecordDriftFailure", "OverrideDrift",
        "PinRollback", "RecordWindow",
    }  # fmt: skip
    roles = resources_of(template, "AWS::IAM::Role")
    for name in recording:
        assert "LedgerAppendPolicy" in references(roles[f"{name}Role"]["ManagedPolicyArns"]), name


def test_mail_comes_only_from_the_stacks_sender_and_only_by_two_functions(template: Template) -> None:
    """Reminders, and notices to people that their right to sign was changed."""
    found = [each for _, each in statements(template) if "ses:SendEmail" in each["Action"]]
    assert who_may(template, "ses:SendEmail") == {"RemindApproversPolicy", "ManagePeoplePolicy"}
    for statement in found:
        assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailSender"}}}


def test_histories_are_read_by_the_sweep_by_airflow_and_by_their_archive_only(template: Template) -> None:
    """They hold task tokens."""
    readers = {"DeliverDecisionPolicy", "AirflowPolicy", "ArchiveHistoryPolicy"}
    assert who_may(template, "states:GetExecutionHistory") == readers


def test_only_the_archive_writes_histories_and_nobody_puts_one_over_another(template: Template) -> None:
    writers = {
        name
        for name, statement in statements(template)
        if "s3:PutObject" in statement["Action"] and "AuditBucket.Arn}/histories" in str(statement["Resource"])
    }
    assert writers == {"ArchiveHistoryPolicy"}
    (bucket,) = [
        each
        for each in resources_of(template, "AWS::S3::BucketPolicy").values()
        if each["Bucket"] == {"Ref": "AuditBucket"}
    ]
    (denied,) = [each for each in bucket["PolicyDocument"]["Statement"] if "histories" in str(each["Resource"])]
    assert (denied["Effect"], denied["Action"]) == ("Deny", ["s3:PutObject"])
    assert denied["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_the_archive_starts_stops_and_answers_nothing(template: Template) -> None:
    allowed = {
        action for name, each in statements(template) if name == "ArchiveHistoryPolicy" for action in each["Action"]
    }
    assert {action for action in allowed if action.startswith("states:")} == {
        "states:DescribeExecution", "states:GetExecutionHistory", "states:ListExecutions",
    }  # fmt: skip


def test_only_register_candidate_may_write_artefacts(template: Template) -> None:
    writers = {
        name
        for name, statement in statements(template)
        if "s3:PutObject" in statement["Action"]
        and any(
            ending in str(statement["Resource"]) for ending in ("ModelsBucket.Arn}/*", "ModelsBucket.Arn}/artefacts")
        )
    }
    assert writers == {"RegisterCandidatePolicy"}


def test_register_candidate_may_record_its_package_and_reject_it(template: Template) -> None:
    assert "RegisterCandidatePolicy" in who_may(template, "sagemaker:UpdateModelPackage")
    assert "RegisterCandidatePolicy" in {
        name
        for name, statement in statements(template)
        if "dynamodb:UpdateItem" in statement["Action"] and "RunsTable" in str(statement["Resource"])
    }


def test_verify_approval_may_read_what_a_run_pinned_and_not_write_it(template: Template) -> None:
    actions = [
        action
        for name, statement in statements(template)
        if name == "VerifyApprovalPolicy" and "RunsTable" in str(statement["Resource"])
        for action in statement["Action"]
    ]
    assert actions == ["dynamodb:GetItem"]


def test_only_airflow_describes_the_data_and_only_in_its_own_database(template: Template) -> None:
    for action in ("glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition"):
        assert who_may(template, action) == {"AirflowPolicy"}, action
    (statement,) = [each for _, each in statements(template) if "glue:CreateTable" in each["Action"]]
    assert set(map(str, statement["Resource"])) == {
        str({"Fn::Sub": f"arn:aws:glue:${{AWS::Region}}:${{AWS::AccountId}}:{part}"})
        for part in ("catalog", "database/${CatalogDatabase}", "table/${CatalogDatabase}/cases")
    }


def test_the_glue_job_writes_staged_and_curated_data_and_no_released_version(template: Template) -> None:
    written = [
        str(statement["Resource"])
        for name, statement in statements(template)
        if name == "GluePolicy" and "s3:PutObject" in statement["Action"]
    ]
    assert len(written) == 2
    assert all(any(folder in resource for folder in ("/staging/*", "/curated/*")) for resource in written)
