/** `fusermount3`, with which users who may not mount do so. */
import fs from 'node:fs';
import path from 'node:path';
import { note, ok, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { readText } from './read-text.ts';

const SET_UID = 0o4000;

export const fusermount: Check = {
  name: 'fusermount3',
  timeoutMs: 3_000,
  run: (subject) => [program(subject), otherUsers()],
};

function program({ searchPath }: Subject): Observation {
  const file = searchPath
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, 'fusermount3'))
    .find((candidate) => fs.existsSync(candidate));
  if (file === undefined) {
    return unlessRoot('There is no fusermount3.', 'Install the package fuse3.');
  }
  const { mode, uid } = fs.statSync(file);
  if ((mode & SET_UID) !== 0 && uid === 0) return ok(`${file} is there, and setuid root.`);
  return unlessRoot(
    `${file} is not setuid root.`,
    `\`chown root ${file} && chmod u+s ${file}\`, or install the package fuse3 again.`,
  );
}

function otherUsers(): Observation {
  const allowed = /^\s*user_allow_other\s*$/m.test(readText('/etc/fuse.conf'));
  if (allowed) return ok('/etc/fuse.conf lets users show their mounts to others.');
  return note(
    '/etc/fuse.conf has no user_allow_other: a mount made by an ordinary user is for that user only.',
    'Add a line `user_allow_other` to /etc/fuse.conf where jobs of other users are to read it.',
  );
}

/** Root mounts without it. */
function unlessRoot(what: string, remedy: string): Observation {
  const isRoot = process.geteuid?.() === 0;
  return isRoot
    ? note(`${what} Root does not need it; ordinary users do.`, remedy)
    : warning(what, remedy);
}
