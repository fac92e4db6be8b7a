# SPDX-License-Identifier: Apache-2.0
"""evclean-aws: one function a subcommand; the one place that catches problems."""

import contextlib
import datetime
import os
import sys
import time
from typing import Annotated, Optional

import typer

from evclean_aws import cost, keys, logs, parallelcluster, policies, regions, steps
from evclean_aws.doctor import OK, WARNING, Doctor
from evclean_aws.problem import SYSTEM, Problem, without_secrets
from evclean_aws.session import INTERVAL_S, Session, bill_text, examine, follow_step, judge, print_findings, say, show_state
from evclean_aws.upload import Uploader

app = typer.Typer(help="Runs evclean on AWS: from one configuration file to a running job and back.", no_args_is_help=True,
                  pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)
keys_app = typer.Typer(help="Key pairs, one in each region.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys_app, name="keys")

ConfigOption = Annotated[str, typer.Option("--config", "-c", help="The configuration file")]
ClusterOption = Annotated[Optional[str], typer.Option("--cluster-id", help="Which cluster, where a name means several")]
StepOption = Annotated[Optional[str], typer.Option("--step", help="Which step; default the last that has begun")]
JobsArgument = Annotated[Optional[list[str]], typer.Argument(help="Job files; default: `jobs` of the configuration")]
SetOption = Annotated[Optional[list[str]], typer.Option("--set", help="Override a key of the jobs: key.path=value")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that are there already")]


def user_of(config):
    return "hadoop" if config.kind == "emr" else "ec2-user"


@app.command()
def doctor(config: ConfigOption = "config.yml",
           show_policies: Annotated[bool, typer.Option("--policies", help="Print all policies with this configuration's names")] = False):
    """Look at everything that goes wrong on AWS, before money is spent."""
    session = Session(config)
    found = Doctor(session.config).run()
    print_findings(found.findings)
    if show_policies:
        if found.account is None:
            raise Problem("the policies need the account's number", "see the finding above")
        names = lambda which: {name for job in found.jobs for name in getattr(job, which)}  # noqa: E731
        for name, what, text in policies.all_policies(session.config, found.account.identity()["Account"], names("inputs"), names("outputs")):
            say(f"\n{name}: {what}\n{text}")
    warnings = sum(f.state == WARNING for f in found.findings)
    say(f"{sum(f.state == OK for f in found.findings)} ok, {warnings} warnings, {len(found.wrong)} wrong")
    if found.wrong:
        raise typer.Exit(2)


def key_regions(session):
    return list(session.config.cluster.key_pairs) or [session.config.cluster.region_name]


def put_key(session, name, public, region_names):
    names = session.config.cluster.key_pairs
    for region in region_names:
        regions.check_region(region, "--region")
        wanted = name or names.get(region) or keys.default_name(session.config)
        say(f"{region}: {wanted} {keys.put(session.account, region, wanted, public)}")


RegionsOption = Annotated[Optional[list[str]], typer.Option("--region", help="Default: the regions of key_pairs")]
NameOption = Annotated[Optional[str], typer.Option("--name", help="Default: the names of key_pairs, else evclean-CLUSTER")]


@keys_app.command("create")
def keys_create(config: ConfigOption = "config.yml", name: NameOption = None, region: RegionsOption = None):
    """Make a key pair for this cluster with ssh-keygen and bring its public half to every region."""
    session = Session(config)
    session.account.identity()  # before a file is made
    wanted = name or session.config.key_pair or keys.default_name(session.config)
    public = keys.create(wanted)
    say(f"{keys.private_path(wanted)}: the private half; it stays on this machine")
    put_key(session, name, keys.read_public(public), region or key_regions(session))


@keys_app.command("import")
def keys_import(public_key: Annotated[Optional[str], typer.Argument(help="The public half; default ~/.ssh/NAME.pub")] = None,
                config: ConfigOption = "config.yml", name: NameOption = None, region: RegionsOption = None):
    """Bring a public key that you have to every region."""
    session = Session(config)
    wanted = name or session.config.key_pair or keys.default_name(session.config)
    put_key(session, name, keys.read_public(public_key or f"{keys.private_path(wanted)}.pub"), region or key_regions(session))


def show_uploaded(what, uploaded):
    say(f"{what}: {uploaded.path} ({'uploaded' if uploaded.fresh else 'there already'}, sha256 {uploaded.sha256[:12]}…)")
    return uploaded


@app.command()
def upload(job: JobsArgument = None, config: ConfigOption = "config.yml"):
    """Bundle and jobs to S3, by content hash: what is there already is not sent again."""
    session = Session(config)
    found = session.job_files(job) if job or session.config.jobs else []
    uploader = Uploader(session.account, session.config)
    show_uploaded("bundle", uploader.bundle())
    for script in ("install.sh",):
        show_uploaded(script, uploader.script(script))
    for item in found:
        show_uploaded(item.path.name, uploader.job(item))


def run_options(sets, overwrite):
    return [word for text in sets or [] for word in ("--set", text)] + (["--overwrite"] if overwrite else [])


def make_steps(session, found, options):
    """steps(token) for `start`: [(words, name)]."""
    uploader = Uploader(session.account, session.config)
    uploaded = [(item, show_uploaded(item.path.name, uploader.job(item))) for item in found]

    def named(token):
        result = []
        for item, there in uploaded:
            name = steps.run_name(item.path)
            result.append((steps.run_arguments(session.config, item, there, token, user_of(session.config), name, options), name))
        return result

    return named


def start(session, found, options):
    """Uploads and starts; the cluster's id."""
    uploader = Uploader(session.account, session.config)
    bundle, script = show_uploaded("bundle", uploader.bundle()), show_uploaded("install.sh", uploader.script("install.sh"))
    cluster_id = session.cluster.start(bundle, script, make_steps(session, found, options))
    say(f"cluster {cluster_id} starts: {session.config.cluster.instances} x {session.config.cluster.instance_type} "
        f"in {session.config.cluster.region_name}")
    return cluster_id


@app.command()
def up(config: ConfigOption = "config.yml", job: JobsArgument = None, overwrite: OverwriteOption = False, set_: SetOption = None):
    """Make the cluster: EMR, plain EC2, or a ParallelCluster configuration."""
    session = Session(config)
    examine(session, job, quiet=True)
    if session.config.kind == "parallelcluster":
        write_parallelcluster(session)
        return
    if session.config.kind == "emr" and session.config.cluster.auto_terminate and not (job or session.config.jobs):
        raise Problem("a cluster with auto_terminate: true and no step would end at once",
                      "name jobs, or auto_terminate: false to keep it for `submit`")
    found = session.job_files(job) if job or session.config.jobs else []
    start(session, found if session.config.cluster.auto_terminate or job else [], run_options(set_, overwrite))
    say("evclean-aws status shows how it goes")


def write_parallelcluster(session):
    uploader = Uploader(session.account, session.config)
    bundle, script = show_uploaded("bundle", uploader.bundle()), show_uploaded("install.sh", uploader.script("install.sh"))
    text = parallelcluster.document(session.config, bundle, script, os.urandom(8).hex())
    name = session.config.cluster.cluster_name
    path = f"{name}-parallelcluster.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    say(f"wrote {path}")
    words = ["create-cluster", "--cluster-name", name, "--cluster-configuration", path, "--region", session.config.cluster.region_name]
    say(parallelcluster.pcluster(*words))


@app.command()
def submit(job: JobsArgument = None, config: ConfigOption = "config.yml", cluster_id: ClusterOption = None,
           overwrite: OverwriteOption = False, set_: SetOption = None,
           follow: Annotated[bool, typer.Option("--follow", "-f", help="Show the log until the end")] = False):
    """Send jobs to the cluster: each a step that runs over all its nodes."""
    session = Session(config)
    found = session.job_files(job)
    if session.config.kind == "parallelcluster":
        for item in found:
            show_uploaded(item.path.name, Uploader(session.account, session.config).job(item))
            say(f"on the leading node (evclean-aws ssh):\n  {parallelcluster.sbatch_line(session.config, item.path.name)}")
        return
    state = session.state(cluster_id)
    token = state.tags.get("evclean:meet")
    if not token:
        raise Problem(f"the cluster {state.id} was not made by evclean-aws: its nodes have no bundle", "evclean-aws up makes one")
    if not state.alive and session.config.kind == "emr":
        raise session.cluster.gone(state, "take further steps")
    ids = session.cluster.add(state, make_steps(session, found, run_options(set_, overwrite))(token))
    for step_id in ids:
        say(f"step {step_id} of {state.id}")
    if follow:
        for step_id in ids:
            follow_step(session, session.cluster.state(state.id), step_id)


@app.command()
def status(config: ConfigOption = "config.yml", cluster_id: ClusterOption = None,
           wait: Annotated[bool, typer.Option("--wait", help="Until all its steps have ended")] = False):
    """How the cluster and its steps are; of a failed step the log's last lines, of an ended cluster the reason."""
    session = Session(config)
    if session.config.kind == "parallelcluster":
        say(parallelcluster.pcluster("describe-cluster", "--cluster-name", session.config.cluster.cluster_name,
                                     "--region", session.config.cluster.region_name))
        return
    state = session.state(cluster_id)
    while wait and (any(step.state not in logs.DONE for step in state.steps) or not state.steps) and state.state not in ("TERMINATED", "TERMINATED_WITH_ERRORS"):
        time.sleep(INTERVAL_S)
        state = session.cluster.state(state.id)
    show_state(session, state)
    judge(session, state)


@app.command("logs")
def logs_command(config: ConfigOption = "config.yml", cluster_id: ClusterOption = None, step: StepOption = None,
                 follow: Annotated[bool, typer.Option("--follow", "-f", help="Until the step has ended")] = False):
    """The log of a step, from S3: also while it runs, also when the cluster is gone."""
    session = Session(config)
    state = session.state(cluster_id)
    if follow:
        follow_step(session, state, step)
        return
    chosen = logs.choose(state, step)
    text, where = logs.text_of(session.account, state, chosen)
    if text is None:
        raise Problem(f"the step {chosen.id} ({chosen.state}) has no log yet under {where}", "it appears a minute after the step begins")
    say(f"{where}\n{text}")


@app.command()
def ssh(command: Annotated[Optional[list[str]], typer.Argument(help="What to run there; default a shell")] = None,
        config: ConfigOption = "config.yml", cluster_id: ClusterOption = None,
        key: Annotated[Optional[str], typer.Option("--key", help="The private key; default ~/.ssh/NAME of key_pairs")] = None,
        show: Annotated[bool, typer.Option("--print", help="Print the command instead of running it")] = False):
    """Log in to the leading node."""
    session = Session(config)
    if session.config.key_pair is None:
        raise Problem(f"key_pairs names none for {session.config.cluster.region_name}, so nobody can log in",
                      "evclean-aws keys create, name it under key_pairs, and make the cluster again")
    path = os.path.expanduser(key) if key else str(keys.private_path(session.config.key_pair))
    if not os.path.exists(path):
        raise Problem(f"there is no private key {path}", "--key FILE names it")
    if session.config.kind == "parallelcluster":
        words = ["pcluster", "ssh", "--cluster-name", session.config.cluster.cluster_name, "--region", session.config.cluster.region_name, "-i", path]
    else:
        state = session.state(cluster_id)
        if not (state.alive or state.state == "DEGRADED"):
            problem = session.cluster.gone(state, "be logged in to")
            problem.cure += "; the logs are kept: evclean-aws logs. auto_terminate: false keeps the next cluster"
            raise problem
        if not state.leader:
            raise Problem(f"the cluster {state.id} has no address yet ({state.state})", "try again in a minute")
        words = ["ssh", "-i", path, f"{user_of(session.config)}@{state.leader}"]
    words += command or []
    if show:
        say(steps.shown(words))
        return
    sys.stdout.flush()
    os.execvp(words[0], words)


@app.command()
def down(config: ConfigOption = "config.yml", cluster_id: ClusterOption = None):
    """End the cluster. Logs and outputs stay."""
    session = Session(config)
    if session.config.kind == "parallelcluster":
        say(parallelcluster.pcluster("delete-cluster", "--cluster-name", session.config.cluster.cluster_name,
                                     "--region", session.config.cluster.region_name))
        return
    state = session.state(cluster_id)
    if session.cluster.end(state):
        say(f"cluster {state.id} ends; {bill_text(session, state)}")
    else:
        say(f"cluster {state.id} has ended already ({state.code or state.state})")


@app.command("cost")
def cost_command(config: ConfigOption = "config.yml", cluster_id: ClusterOption = None,
                 hours: Annotated[Optional[float], typer.Option("--hours", help="Estimate for this long (evclean plan says how long)")] = None):
    """What it costs: an estimate for --hours or expected_hours, else the hours that the cluster was there."""
    session = Session(config)
    actual = None
    expected = hours or (session.config.cluster.expected_hours if cluster_id is None else None)
    if expected is None:
        state = session.state(cluster_id)
        actual = cost.hours_of(state)
        if actual is None:
            raise Problem(f"AWS does not say since when {state.id} is there", "--hours N estimates", SYSTEM)
    found = cost.bill(session.account, session.config, expected or actual)
    for line in found.lines:
        say(line)
    what = "estimate" if actual is None else f"so far, {state.id} {state.state}" if state.ended is None else f"actual, {state.id} {state.state}"
    say(f"{found.total:.2f} USD ({what}; without S3, transfer and tax)")


@app.command()
def run(job: JobsArgument = None, config: ConfigOption = "config.yml", overwrite: OverwriteOption = False, set_: SetOption = None,
        keep: Annotated[bool, typer.Option("--keep", help="Do not end the cluster afterwards")] = False):
    """All of it: look, upload, make the cluster, run the jobs, show their logs, end the cluster."""
    session = Session(config)
    if session.config.kind == "parallelcluster":
        raise Problem("run does not know parallelcluster: its cluster outlives jobs", "evclean-aws up, then submit shows the sbatch line")
    if keep:
        session.config.cluster.auto_terminate = False
    examine(session, job, quiet=True)
    found = session.job_files(job)
    expected = session.config.cluster.expected_hours
    if expected:
        say(f"estimate for {expected} h: {cost.bill(session.account, session.config, expected).total:.2f} USD")
    begun = datetime.datetime.now(datetime.timezone.utc)
    cluster_id = start(session, found, run_options(set_, overwrite))
    try:
        state = session.cluster.state(cluster_id)
        for step_id in [step.id for step in state.steps]:
            follow_step(session, session.cluster.state(cluster_id), step_id)
    except KeyboardInterrupt:
        say(f"stopped looking; the cluster {cluster_id} goes on: evclean-aws status, evclean-aws down")
        raise typer.Exit(130) from None
    finally:
        with contextlib.suppress(Problem):
            state = session.cluster.state(cluster_id)
            if keep or not session.config.cluster.auto_terminate:
                say(f"the cluster {cluster_id} stays ({session.config.cluster.idle_hours} h at most without a step): evclean-aws ssh, evclean-aws down")
            elif session.cluster.end(state):
                say(f"the cluster {cluster_id} ends")
    hours = (datetime.datetime.now(datetime.timezone.utc) - begun).total_seconds() / 3600
    say(f"done in {hours:.2f} h, about {cost.bill(session.account, session.config, hours).total:.2f} USD")


def main(arguments=None):
    """Exit codes: 0, 1 a step failed, 2 yours, 3 AWS's or the machine's, 130 Ctrl-C."""
    try:
        app(args=arguments, standalone_mode=True)
    except Problem as problem:
        print(without_secrets(f"evclean-aws: {problem.text()}"), file=sys.stderr)
        raise SystemExit(problem.code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
