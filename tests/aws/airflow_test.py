# SPDX-License-Identifier: Apache-2.0
"""The DAG in aws/airflow, imported by a real Airflow: structure, trigger rules, and `prepare` against moto's server.
usage: airflow_test.py (with Airflow, its Amazon provider, moto's server and evclean_aws' needs in this Python)"""

import os
import pathlib
import sys
import tempfile
import unittest

HOME = tempfile.mkdtemp(prefix="evclean-airflow-")
os.environ.update(AIRFLOW_HOME=HOME, AIRFLOW__CORE__LOAD_EXAMPLES="False", AIRFLOW__CORE__UNIT_TEST_MODE="False",
                  AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME}/airflow.db",
                  EVCLEAN_AWS_CONFIG=HOME + "/config.yml")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "aws"), str(ROOT / "tests" / "aws")]

import importlib.util  # noqa: E402  (Airflow reads its environment when it is imported)

spec = importlib.util.spec_from_file_location("evclean_emr", ROOT / "aws" / "airflow" / "evclean_emr.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)


class Structure(unittest.TestCase):
    def test_the_tasks_and_their_order(self):
        dag = module.dag
        self.assertEqual({task.task_id: set(task.downstream_task_ids) for task in dag.tasks},
                         {"prepare": {"up"}, "up": {"finished", "report", "down"}, "finished": {"report"}, "report": {"down"}, "down": set()})

    def test_operators_are_the_providers(self):
        kinds = {task.task_id: type(task).__name__ for task in module.dag.tasks}
        self.assertEqual((kinds["up"], kinds["finished"], kinds["down"]),
                         ("EmrCreateJobFlowOperator", "EmrJobFlowSensor", "EmrTerminateJobFlowOperator"))

    def test_the_cluster_is_ended_whatever_happened_and_never_without_an_id(self):
        tasks = {task.task_id: task for task in module.dag.tasks}
        self.assertTrue(tasks["up"].is_setup)
        self.assertTrue(tasks["down"].is_teardown)
        self.assertEqual(str(getattr(tasks["report"].trigger_rule, "value", tasks["report"].trigger_rule)), "all_done")
        self.assertIn(tasks["up"].retries, (0, None), "a second try would be a second cluster")

    def test_the_sensor_waits_for_the_end_and_fails_with_the_cluster(self):
        sensor = {task.task_id: task for task in module.dag.tasks}["finished"]
        self.assertEqual((set(sensor.target_states), set(sensor.failed_states)), ({"TERMINATED"}, {"TERMINATED_WITH_ERRORS"}))
        self.assertEqual(sensor.mode, "reschedule")

    def test_the_schedule(self):
        self.assertFalse(module.dag.catchup)
        self.assertEqual(module.dag.max_active_runs, 1)
        self.assertTrue(module.dag.render_template_as_native_obj)


from aws_world import AwsTest  # noqa: E402


class Prepare(AwsTest):
    """The function of the task, as Airflow calls it."""

    def prepare(self):
        task = next(task for task in module.dag.tasks if task.task_id == "prepare")
        module.CONFIG = str(self.folder / "config.yml")
        return task.python_callable(ds="2026-11-01")

    def test_the_request_is_what_emr_takes(self):
        self.furnish()
        request = self.prepare()
        self.assertFalse(request["Instances"]["KeepJobFlowAliveWhenNoSteps"])
        words = request["Steps"][0]["HadoopJarStep"]["Args"]
        self.assertEqual(words[words.index("--day") + 1], "2026-11-01")
        found = self.client("emr").run_job_flow(**request)["JobFlowId"]
        self.assertRegex(found, r"^j-")

    def test_what_the_doctor_finds_fails_the_task_for_good(self):
        from airflow.exceptions import AirflowFailException
        self.furnish(keys=())
        with self.assertRaisesRegex(AirflowFailException, "there is no key pair 'evclean-eu' in eu-central-1"):
            self.prepare()
        self.assertEqual(self.requests("RunJobFlow"), [])


if __name__ == "__main__":
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in (Structure, Prepare))
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)
