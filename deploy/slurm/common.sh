# What Prolog and Epilog of a node share. Sourced by bash.
#
# Always true: no string of a user is evaluated: what a job's comment has is compared with a pattern, and is an argument
# in quotes after that; directories are made below one of root, and a link in the way is a failure; the script ends
# with 0, because Slurm takes a node out of service whose hook fails; each step has a time limit.

set -u -f
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
exec </dev/null
# Whatever happens.
trap 'exit 0' EXIT

readonly NAME='[A-Za-z0-9][A-Za-z0-9._-]{0,127}'
readonly MAX_DATASETS=16
http=http://127.0.0.1:7480 prefix=slurm jobs=/run/larder/jobs
larder=/usr/local/bin/larder log=/var/log/larder-slurm.log mountSeconds=30

# settings FILE
settings() {
  local key value
  [[ -r $1 ]] || return 0
  while IFS='=' read -r key value; do
    case $key in
      http | prefix | jobs | larder | log | mountSeconds) printf -v "$key" '%s' "$value" ;;
    esac
  done <"$1"
}

# say WORD... : odd characters are quoted, so that a user cannot write lines of his own.
say() {
  local line
  printf -v line '%q ' "$@"
  printf '%(%FT%T%z)T job %s: %s\n' -1 "${job:--}" "${line//\\ / }" >>"$log" 2>/dev/null
}

# job_of: the number of the job, or the end.
job_of() {
  job=${SLURM_JOB_ID:-}
  [[ $job =~ ^[0-9]{1,10}$ ]] && return
  job=-
  say 'SLURM_JOB_ID is not a number'
  exit 0
}

# references: those of `--comment larder:NAME[@vN],NAME...`, one a line.
references() {
  local comment=${SLURM_JOB_COMMENT:-} word words
  [[ $comment == larder:* ]] || return 0
  IFS=', ' read -r -a words <<<"${comment#larder:}"
  for word in "${words[@]:0:MAX_DATASETS}"; do
    if [[ $word =~ ^$NAME(@v[0-9]{1,9})?$ ]]; then printf '%s\n' "$word"; else say 'not a dataset:' "$word"; fi
  done
}

# ask PATH [BODY]: the answer as text; fails where it is an error.
ask() {
  local data=() text
  [[ $# -gt 1 ]] && data=(--data-binary "$2")
  text=$(curl --silent --show-error --noproxy '*' --max-time 10 --header 'accept: text/plain' \
    --header 'content-type: application/json' "${data[@]}" -- "$http$1" 2>&1) || { printf '%s' "$text"; return 1; }
  printf '%s' "$text"
  [[ $text != error* ]]
}

# owned DIRECTORY: a real one, ours, in which nobody else writes, as in none of those above it.
owned() {
  [[ -d $1 && ! -L $1 && $(readlink -f -- "$1") == "$1" ]] || return 1
  local mode owner at=$1
  read -r owner mode < <(stat -c '%u %a' -- "$at")
  [[ $owner == "$EUID" && $((8#$mode & 8#022)) == 0 ]] || return 1
  while at=${at%/*} && [[ -n $at ]]; do
    read -r owner mode < <(stat -c '%u %a' -- "$at")
    # In one with the sticky bit, as /tmp, only the owner of an entry renames it.
    [[ $owner == 0 || $owner == "$EUID" ]] || return 1
    (( (8#$mode & 8#022) == 0 || (8#$mode & 8#1000) != 0 )) || return 1
  done
}

# directory PATH: makes it, unless it is there. mkdir follows no link in the last part.
directory() {
  mkdir -m 0755 -- "$1" 2>/dev/null
  owned "$1" && return
  say 'not a directory of ours:' "$1"
  return 1
}

mounted() {
  grep -qF -- " $1 " /proc/self/mountinfo
}
