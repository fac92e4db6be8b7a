# SPDX-License-Identifier: Apache-2.0
"""An Airflow DAG that runs evclean on an EMR cluster of its own each day, from the same config.yml as evclean-aws.

    prepare ─▶ up ─▶ finished ─▶ report ─▶ down      (down: whatever happened, if there is a cluster)

`prepare` looks at everything evclean-aws doctor looks at, uploads bundle and jobs by content hash, and gives the request for
the cluster; nothing is paid for before it has succeeded. The cluster ends by itself after its steps (auto_terminate) and is
ended by `down` in any case. The job sees the day as ${DAY} when `jobs` use it (DAY is set from the data interval).

Copy or link this file into the DAGs folder; `pip install ./aws apache-airflow-providers-amazon` where Airflow runs. Environment:
EVCLEAN_AWS_CONFIG (path of config.yml; default /opt/airflow/config.yml), EVCLEAN_AWS_CONN (default aws_default),
EVCLEAN_SCHEDULE (default @daily).
"""

import datetime
import os

from airflow.providers.amazon.aws.operators.emr import EmrCreateJobFlowOperator, EmrTerminateJobFlowOperator
from airflow.providers.amazon.aws.sensors.emr import EmrJobFlowSensor
from airflow.sdk import DAG, task

CONFIG = os.environ.get("EVCLEAN_AWS_CONFIG", "/opt/airflow/config.yml")
CONNECTION = os.environ.get("EVCLEAN_AWS_CONN", "aws_default")

with DAG(
    dag_id="evclean_emr",
    description="Cleans a day of events on an EMR cluster of its own",
    schedule=os.environ.get("EVCLEAN_SCHEDULE", "@daily"),
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,  # the request is a dictionary, not its text
    default_args={"retries": 1, "retry_delay": datetime.timedelta(minutes=5)},
    tags=["evclean"],
) as dag:

    @task
    def prepare(ds=None):
        """Checks, uploads, and gives run_job_flow's arguments. A problem is the task's failure, with what to change."""
        import secrets

        from airflow.exceptions import AirflowFailException
        from evclean_aws import config as configuration
        from evclean_aws import jobs, steps
        from evclean_aws.accounts import Account
        from evclean_aws.doctor import Doctor, check_outputs
        from evclean_aws.emr import USER, Emr
        from evclean_aws.problem import Problem, without_secrets
        from evclean_aws.upload import Uploader

        try:
            config = configuration.read(CONFIG)
            config.cluster.auto_terminate = True
            doctor = Doctor(config).run()
            if doctor.wrong:
                raise Problem("\n".join(f"{finding.text}\n  {finding.cure}" for finding in doctor.wrong))
            account = Account(config.cluster.profiles.cluster, config.cluster.region_name)
            uploader, emr, token = Uploader(account, config), Emr(account, config), secrets.token_hex(8)
            request = emr.request(uploader.bundle(), uploader.script("install.sh"), token)
            request["Steps"] = []
            for path in config.jobs:
                job = jobs.look(config.resolve(path))
                check_outputs(config, job)
                name = f"{ds}-{steps.run_name(job.path)}"
                words = steps.run_arguments(config, job, uploader.job(job), token, USER, name, ["--overwrite"], day=ds)
                request["Steps"].append(emr.step(words, name))
            return request
        except Problem as problem:  # trying again would not help
            raise AirflowFailException(without_secrets(problem.text())) from None

    request = prepare()

    up = EmrCreateJobFlowOperator(task_id="up", job_flow_overrides=request, aws_conn_id=CONNECTION, retries=0)

    finished = EmrJobFlowSensor(
        task_id="finished",
        job_flow_id=up.output,
        aws_conn_id=CONNECTION,
        target_states=["TERMINATED"],
        failed_states=["TERMINATED_WITH_ERRORS"],
        mode="reschedule",
        poke_interval=60,
        timeout=48 * 3600,
        retries=0,
    )

    @task(trigger_rule="all_done")  # a cluster that failed is what one wants to read about
    def report(job_flow_id):
        """Fails with the last lines of a failed step's log."""
        from airflow.exceptions import AirflowFailException, AirflowSkipException
        from evclean_aws.problem import Problem, without_secrets
        from evclean_aws.session import Session, bill_text, judge, show_state

        if not job_flow_id:
            raise AirflowSkipException("no cluster was made")
        try:
            session = Session(CONFIG)
            state = session.state(job_flow_id)
            show_state(session, state)
            judge(session, state)
            print(bill_text(session, state))
        except Problem as problem:
            raise AirflowFailException(without_secrets(problem.text())) from None

    # A teardown of `up`: it runs whatever happened after it, and not when there is no cluster.
    down = EmrTerminateJobFlowOperator(task_id="down", job_flow_id=up.output, aws_conn_id=CONNECTION)
    down.as_teardown(setups=up)

    finished >> report(up.output) >> down
