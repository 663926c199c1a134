/**
 * docs/CONFIG.md, made from the table of settings. `npm run docs:generate` writes it, and config.test.ts
 * compares.
 */
import { format } from 'prettier';
import { formatSetting, SETTING_NAMES, SETTINGS } from '../../common/index.ts';
import type { SettingName, SettingSpec } from '../../common/index.ts';
import { table } from './markdown-table.ts';

const INTRODUCTION = `# Configuration

<!-- Made by \`npm run docs:generate\` from common/config.ts; do not edit. -->

Nothing has to be set. What is set comes from, first wins:

1. a flag of the command,
2. an environment variable,
3. a YAML file,
4. the default.

\`larder config show\` tells every value and where it came from.

## The file

Lines of \`NAME: VALUE\`; every name is in the table below:

\`\`\`yaml
master: 10.0.0.1:7400
cacheDir: /nvme/larder
cacheSize: 2TiB
logLevel: info
\`\`\`

One file is read, the first of: \`--config FILE\`, \`LARDER_CONFIG\`, then, where it is there,
\`larder/larder.yaml\` in \`$XDG_CONFIG_HOME\` or \`~/.config\` (not for root), and
\`/etc/larder/larder.yaml\`. \`--config none\` reads no file. Processes that a command starts get the same one.

A name that is not known, a value that is not valid, and a name that is there twice are errors that name line
and column. \`larder config check FILE\` lists all of them and exits with 2 where there are any.

Sizes are \`512MiB\`, \`200GiB\`, \`2TiB\` (powers of 1,024; a number without unit is bytes). Durations have a unit:
\`500ms\`, \`30s\`, \`5m\`, \`1h\`, \`1d\`; in a variable whose name ends in \`_MS\`, a number without one is milliseconds. Paths
in the file are absolute. Secrets do not belong into it: a dataset names its credentials, see
[OPERATIONS](OPERATIONS.md).

## While it runs

\`larder config reload\` has every master, worker and mount of this machine read its file again, and tells what each
made of it. SIGHUP to one process does the same for that one, with the outcome in its log. What is *live* below
is taken at once; another change is named as one that needs a restart (of a mount: unmount and mount). A file that
is not valid changes nothing.`;

export async function renderConfigPage(): Promise<string> {
  const rows = SETTING_NAMES.map((name) => {
    const spec: SettingSpec = SETTINGS[name];
    return [`[\`${name}\`](#${name.toLowerCase()})`, defaultOf(name, spec), yes(spec.live)];
  });
  const page = [
    INTRODUCTION,
    '## Settings',
    table(['setting', 'default', 'live'], rows),
    ...SETTING_NAMES.flatMap((name) => section(name)),
  ].join('\n\n');
  return format(page, { parser: 'markdown', printWidth: 100 });
}

function section(name: SettingName): string[] {
  const spec: SettingSpec = SETTINGS[name];
  const flags = Object.entries(spec.flags).map(([command, flag]) =>
    command === '*' ? `\`--${flag}\`` : `\`--${flag}\` of \`larder ${command}\``,
  );
  const facts = [
    ['value', valueOf(name, spec)],
    ['default', defaultOf(name, spec)],
    ['variable', `\`${spec.variable}\``],
    ['flag', flags.length === 0 ? 'none' : flags.join(', ')],
    ['used by', spec.usedBy.join(', ')],
    ['live', yes(spec.live)],
  ];
  return [`### ${name}`, spec.reason, table(['', ''], facts)];
}

function valueOf(name: SettingName, spec: SettingSpec): string {
  const { type, minimum, maximum, choices } = spec;
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(', ');
  if (type === 'switch') return '`true`, `false`';
  if (type === 'address') return 'address, `HOST:PORT`';
  if (type === 'path') return 'path';
  if (type === 'socket') return `path of at most ${maximum} bytes`;
  const [low = '', high = ''] = [minimum, maximum].map((bound) => formatSetting(name, bound ?? 0));
  return `${type}, ${low} to ${high}`;
}

function defaultOf(name: SettingName, spec: SettingSpec): string {
  if (spec.default === undefined) return spec.defaultText ?? '';
  return `\`${formatSetting(name, spec.default)}\``;
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}
