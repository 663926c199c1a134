#!/bin/bash
# TaskProlog, for jobs of `--comment larder:NAME`: LARDER_PATH, and LARDER_PATH_NAME for each dataset that is mounted.
jobs=/run/larder/jobs
if [[ -r /etc/larder/slurm.conf ]]; then
  while IFS='=' read -r key value; do
    [[ $key == jobs ]] && jobs=$value
  done </etc/larder/slurm.conf
fi
[[ ${SLURM_JOB_ID:-} =~ ^[0-9]{1,10}$ ]] || exit 0
first=
for where in "$jobs/$SLURM_JOB_ID"/*; do
  name=${where##*/}
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || continue
  [[ -n $first ]] || printf 'export LARDER_PATH=%s\n' "$where"
  first=$where
  name=${name^^}
  printf 'export LARDER_PATH_%s=%s\n' "${name//[^A-Z0-9]/_}" "$where"
done
exit 0
