#!/bin/bash
# Epilog of slurmd: unmounts what Prolog has mounted, and lets what was loaded for the job be evicted. May run again.
readonly CONF=/etc/larder/slurm.conf
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh" || exit 0

# unmount DIRECTORY: of one that hangs nothing is asked but to go away.
unmount() {
  mounted "$1" || return 0
  timeout --kill-after=5 20 "$larder" umount "$1" >/dev/null 2>&1
  mounted "$1" || return 0
  say 'is in use:' "$1"
  timeout --kill-after=5 10 umount -l -- "$1"
}

settings "$CONF"
job_of
if owned "$jobs" && owned "$jobs/$job"; then
  set +f
  for where in "$jobs/$job"/*; do
    [[ $where == "$jobs/$job/*" ]] && break
    unmount "$where"
    rmdir -- "$where" 2>/dev/null
  done
  rmdir -- "$jobs/$job" 2>/dev/null && say 'unmounted'
fi
[[ ${SLURM_JOB_COMMENT:-} == larder:* ]] || exit 0
answer=$(ask /v1/hooks/release "{\"job\":\"$prefix-$job\"}") || say 'not released:' "${answer:0:500}"
