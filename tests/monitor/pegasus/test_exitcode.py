"""pegasus-exitcode's verdicts: file, flags, verdict, of its own samples and of each rule alone."""

from pathlib import Path

import pytest

from eventlog.errors import InputError
from monitor.pegasus.exitcode import ExitRules, judge, judge_text, unquoted

YAML_OK = b"- invocation: True\n  mainjob:\n    status:\n      raw: 0\n      regular_exitcode: 0\n"
XML_OK = b'<invocation><mainjob><status raw="0"><regular exitcode="0"/></status></mainjob></invocation>'
SUCCEEDED = ExitRules(success_messages=["Job succeeded"])
FAILED = ExitRules(failure_messages=["Job failed"])


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "rules", "succeeded"),
    [
        ("yaml-ok.out", ExitRules(), True),
        ("ok.out", ExitRules(), True),
        ("cluster-ok.out", ExitRules(), True),
        ("seqexec-ok.out", ExitRules(), True),
        ("cluster_summary_ok.out", ExitRules(), True),
        ("cluster_summary_submitted.out", ExitRules(), True),
        ("success_message_zero_exit.out", SUCCEEDED, True),
        ("success_message_zero_exit.out", ExitRules(success_messages=["Job+succeeded"]), True),
        (
            "success_message.out",
            ExitRules(success_messages=["Job+succeeded"], invocations_expected=False),
            True,
        ),
        ("success_message.out", SUCCEEDED, False),
        ("empty.out", ExitRules(), False),
        ("empty.out", ExitRules(invocations_expected=False), True),
        ("failed.out", ExitRules(), False),
        ("failed.out", ExitRules(invocations_expected=False), True),
        ("walltime.out", ExitRules(), False),
        ("cluster_summary_failed.out", ExitRules(), False),
        ("failure_message_zero_exit.out", FAILED, False),
        ("failure_message_zero_exit.out", ExitRules(failure_messages=["Job+failed"]), False),
        ("failure_message_zero_exit.out", ExitRules(), True),
        (
            "success_message_zero_exit.out",
            ExitRules(success_messages=["Job succeeded", "Successfully finished"]),
            False,
        ),
        ("ok.out", ExitRules(dagman_status=0), True),
        ("ok.out", ExitRules(dagman_status=1), False),
        ("ok.out", ExitRules(dagman_status=-9), False),
        ("ok.out", SUCCEEDED, False),
    ],
)
def test_the_samples_get_the_references_verdict(
    realdata: Path, file: str, rules: ExitRules, succeeded: bool
) -> None:
    verdict = judge(realdata / "submit-dirs" / "exitcode" / file, rules)
    assert verdict.succeeded is succeeded, verdict.reason


@pytest.mark.realdata
@pytest.mark.parametrize("sample", ["process_wf_success", "process_wf_failure"])
def test_every_job_of_a_real_run_gets_the_verdict_it_got_then(realdata: Path, sample: str) -> None:
    outputs = sorted((realdata / "submit-dirs" / sample / "00" / "00").glob("*.out.*"))
    verdicts = {path.name: judge(path, ExitRules()).succeeded for path in outputs}
    assert verdicts
    assert {name for name, succeeded in verdicts.items() if not succeeded} == (
        {"ls_ID0000001.out.000", "ls_ID0000001.out.001"} if sample == "process_wf_failure" else set()
    )


@pytest.mark.parametrize(
    ("stdout", "because"),
    [
        (YAML_OK.replace(b"raw: 0", b"raw: 256"), "raw status 256"),
        (YAML_OK.replace(b"raw: 0", b"raw: -1"), "raw status -1"),
        (YAML_OK + YAML_OK.replace(b"raw: 0", b"raw: 9"), "raw status 9"),
        (XML_OK.replace(b'"0">', b'"11">'), "raw status 11"),
        (XML_OK.replace(b'raw="0"', b'core="0"'), "no raw status"),
        (XML_OK.replace(b"</status>", b""), "no raw status"),
        (YAML_OK + b"integrity_error: no checksum of f.b\n", "checksum"),
        (b"hello\n", "no invocation record"),
        (b'[cluster-summary stat="fail", tasks=2, succeeded=2, failed=0]', "stat=fail"),
        (b'[cluster-summary stat="ok", tasks=2, succeeded=0, failed=0]', "none of its clustered tasks"),
        (b'[cluster-summary stat="ok", tasks=2, failed=many]', "no number"),
        (b"[cluster-task id=1, status=0]\n", "cut off"),
        (b'[cluster-summary stat="ok", tasks=2', "cut off"),
        (
            YAML_OK + b'[cluster-summary stat="ok", tasks=2, succeeded=1, failed=1]',
            "1 of its clustered tasks",
        ),
    ],
)
def test_each_sign_of_failure_fails_the_job(stdout: bytes, because: str) -> None:
    verdict = judge_text(stdout, b"", ExitRules())
    assert not verdict.succeeded
    assert because in verdict.reason


@pytest.mark.parametrize(
    "stdout",
    [
        YAML_OK,
        XML_OK,
        YAML_OK + XML_OK,
        b'[cluster-summary stat="ok", tasks=0, succeeded=0, failed=0]',
        YAML_OK.replace(b"raw: 0", b"raw: 1")
        + b'[cluster-summary stat="ok", tasks=1, succeeded=1, failed=0]',
        YAML_OK + b"      data: |\n        draw: 3\n",
    ],
)
def test_without_a_sign_of_failure_the_job_succeeded(stdout: bytes) -> None:
    verdict = judge_text(stdout, b"", ExitRules())
    assert verdict.succeeded, verdict.reason


def test_messages_are_looked_for_in_both_outputs_and_failure_comes_before_success() -> None:
    both = ExitRules(success_messages=["PegasusLite:+exitcode+0"], failure_messages=["1\\+1=3"])
    assert judge_text(YAML_OK, b"PegasusLite: exitcode 0", both).succeeded
    verdict = judge_text(YAML_OK + b"PegasusLite: exitcode 0", b"1+1=3", both)
    assert "failure message '1+1=3'" in verdict.reason
    assert "did not print" in judge_text(YAML_OK, b"", both).reason
    assert unquoted("a+b\\+c\\d\\") == "a b+c\\d\\"


def test_the_error_output_beside_a_numbered_output_is_read(tmp_path: Path) -> None:
    (tmp_path / "job.out.001").write_bytes(YAML_OK)
    (tmp_path / "job.err.001").write_bytes(b"Segmentation fault")
    assert judge(tmp_path / "job.out.001", ExitRules()).succeeded
    assert not judge(tmp_path / "job.out.001", ExitRules(failure_messages=["Segmentation"])).succeeded


def test_what_is_no_output_of_a_job_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has to end in \.out"):
        judge(tmp_path / "job.err", ExitRules())
    with pytest.raises(InputError, match="cannot be read: No such file"):
        judge(tmp_path / "job.out", ExitRules())
