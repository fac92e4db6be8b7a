# SPDX-License-Identifier: Apache-2.0
"""ParallelCluster: a configuration with Slurm, whose nodes install the bundle and share a folder. Jobs go through
slurm/evclean.sbatch, as on any Slurm."""

import shutil
import subprocess

import yaml

from evclean_aws import instances, steps
from evclean_aws.buckets import split_path
from evclean_aws.problem import SYSTEM, Problem

USER = "ec2-user"


def document(config, bundle, script, token):
    """The cluster configuration as text; pure."""
    cluster = config.cluster
    if cluster.subnet is None:
        raise Problem("parallelcluster: ParallelCluster needs a subnet", "subnet: subnet-… (pcluster configure makes one)")
    found = instances.check_type(cluster.instance_type)
    code_bucket, code_folder = split_path(cluster.code_path)
    log_bucket, log_folder = split_path(cluster.log_path)

    def install(leader):
        arguments = steps.install_arguments(config, bundle, token, USER) + ["--leader", leader]
        return {"OnNodeConfigured": {"Script": script.path, "Args": arguments}}

    access = [{"BucketName": code_bucket, "KeyName": f"{code_folder}*", "EnableWriteAccess": False},
              {"BucketName": code_bucket, "KeyName": f"{code_folder}clusters/*", "EnableWriteAccess": True},
              {"BucketName": log_bucket, "KeyName": f"{log_folder}*", "EnableWriteAccess": True}]
    ssh = {"Ssh": {"KeyName": config.key_pair}} if config.key_pair else {}
    if cluster.ssh_from and ssh:
        ssh["Ssh"]["AllowedIps"] = cluster.ssh_from
    image = {"Os": "alinux2023"}
    head = {"InstanceType": "m6i.xlarge", "Networking": {"SubnetId": cluster.subnet}, **ssh, "CustomActions": install("yes"),
            "Imds": {"Secured": True}, "Iam": {"S3Access": access},
            "LocalStorage": {"RootVolume": {"Encrypted": True}}}
    queue = {
        "Name": "clean", "CapacityType": "SPOT" if cluster.market == "spot" else "ONDEMAND",
        "Networking": {"SubnetIds": [cluster.subnet], "PlacementGroup": {"Enabled": cluster.instances > 1}},
        "ComputeResources": [{"Name": "nodes", "InstanceType": cluster.instance_type, "MinCount": 0, "MaxCount": cluster.instances,
                              "SchedulableMemory": int(found.memory_mib * 0.9)}],
        "CustomActions": install("no"), "Iam": {"S3Access": [dict(a) for a in access]}, "ComputeSettings": {"LocalStorage": {"RootVolume": {"Encrypted": True}}},
    }
    text = {"Region": cluster.region_name, "Image": image, "HeadNode": head,
            "Scheduling": {"Scheduler": "slurm", "SlurmSettings": {"ScaledownIdletime": max(1, int(cluster.idle_hours * 60)),
                                                                   "EnableMemoryBasedScheduling": True}, "SlurmQueues": [queue]},
            "SharedStorage": [{"MountDir": cluster.shared_folder, "Name": "shared", "StorageType": "Efs",
                               "EfsSettings": {"Encrypted": True}}],
            "Imds": {"ImdsSupport": "v2.0"},
            "Tags": [{"Key": key, "Value": value} for key, value in {**cluster.tags, "evclean:cluster": cluster.cluster_name}.items()]}
    return yaml.safe_dump(text, sort_keys=False, width=120)


def sbatch_line(config, job_name):
    """What to type on the leading node."""
    fits = steps.size(config)
    memory = fits.memory_mib + instances.PROGRAM_MIB
    return (f"sbatch --nodes={config.cluster.instances} --ntasks-per-node={fits.ranks} --mem-per-cpu={memory}M --chdir={config.cluster.shared_folder} "
            f"--export=ALL,EVCLEAN=/opt/evclean/bin/evclean,EVCLEAN_MPIRUN=/opt/evclean/bin/mpirun,EVCLEAN_MEMORY={fits.memory} "
            f"/opt/evclean/share/evclean/slurm/evclean.sbatch {job_name} --overwrite")


def pcluster(*words):
    """ParallelCluster's own command. Problem when it is not installed."""
    if shutil.which("pcluster") is None:
        raise Problem("ParallelCluster's command is not installed", f"pip install aws-parallelcluster; then: pcluster {' '.join(words)}")
    done = subprocess.run(["pcluster", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Problem(f"pcluster {words[0]}: {done.stdout.strip()[-2000:]}", code=SYSTEM)
    return done.stdout
