#!/bin/bash
# Prolog of slurmd: mounts the datasets of a job as JOBS/JOB/DATASET, read-only, for all users of the node.
#
# They are those that burst_buffer.lua has staged, and those of `--comment larder:NAME`, which are loaded from now on.
readonly CONF=/etc/larder/slurm.conf
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh" || exit 0

# mount_dataset NAME[@vN]
mount_dataset() {
  local where=$jobs/$job/${1%@*} text
  mounted "$where" && return
  directory "$where" || return
  if text=$(timeout --kill-after=5 "$mountSeconds" "$larder" mount "$1" "$where" --detach 2>&1 </dev/null); then
    say 'mounted' "$1"
  else
    say 'not mounted:' "$1" "${text:-nothing in $mountSeconds s}"
    rmdir -- "$where" 2>/dev/null
  fi
}

settings "$CONF"
job_of
key=$prefix-$job
wanted=$(references)
while read -r reference; do
  [[ -n $reference ]] || continue
  answer=$(ask /v1/hooks/stage "{\"job\":\"$key\",\"dataset\":\"$reference\"}") ||
    say 'starts cold:' "$reference" "${answer:0:500}"
done <<<"$wanted"

# With versions, where the master says them: all nodes of a job mount the same.
if answer=$(ask "/v1/hooks/stage/$key"); then
  wanted=$(while read -r reference _; do
    if [[ $reference =~ ^$NAME@v[0-9]{1,9}$ ]]; then printf '%s\n' "$reference"; fi
  done <<<"$answer")
fi
[[ -n $wanted ]] || exit 0
mkdir -m 0755 -p -- "$jobs" 2>/dev/null
owned "$jobs" || { say 'not a directory of ours:' "$jobs"; exit 0; }
directory "$jobs/$job" || exit 0
while read -r reference; do mount_dataset "$reference"; done <<<"$wanted"
