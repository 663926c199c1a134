/**
 * docs/CLI.md, made from what the program says about itself, the exit codes and the variables of
 * the settings. `npm run docs:generate` writes it, and commands.test.ts compares.
 */
import { format } from 'prettier';
import { EXIT, SETTING_NAMES, SETTINGS } from '../../common/index.ts';
import { CommandLine } from './command-help.ts';
import { table } from './markdown-table.ts';

const INTRODUCTION = `# The command line

<!-- Made by \`npm run docs:generate\`; do not edit. -->

Data goes to stdout, messages and progress to stderr. With \`--json\`, stdout has one JSON value. A
failure is printed with its code and a hint; [ERRORS.md](ERRORS.md) has all of them.`;

const EXIT_MEANINGS: Record<keyof typeof EXIT, string> = {
  ok: 'done',
  failure: 'failed',
  usage: 'the command, an option or a value is not valid',
  notFound: 'there is nothing of that name',
  origin: 'the origin failed, or is not as expected',
  denied: 'access was refused',
  unavailable: 'a part of Larder could not be reached, or did not answer in time',
  conflict: 'something else holds the name, the directory or the version',
  partial: 'done in part; the output says what is missing, and why',
  differs: '`larder audit` found differences',
  interrupted: 'interrupted',
};

export async function renderCommandLinePage(commandLine = new CommandLine()): Promise<string> {
  const exitRows = Object.entries(EXIT).map(([name, code]) => [
    String(code),
    EXIT_MEANINGS[name as keyof typeof EXIT],
  ]);
  const page = [
    INTRODUCTION,
    ...(await sections(commandLine)),
    '## Exit codes',
    table(['code', 'meaning'], exitRows),
    '## Environment',
    table(['variable', 'meaning'], variables()),
  ].join('\n\n');
  return format(page, { parser: 'markdown', printWidth: 100 });
}

/** One section per command, a command with others below it before those. */
async function sections(commandLine: CommandLine): Promise<string[]> {
  const visit = async (path: readonly string[]): Promise<string[]> => {
    const { text, subcommands } = await commandLine.help(path);
    const heading = `## ${['larder', ...path].join(' ')}`;
    const below: string[] = [];
    for (const name of subcommands) below.push(...(await visit([...path, name])));
    return [`${heading}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``, ...below];
  };
  return visit([]);
}

/** Those of the settings, and what is in the environment alone. */
function variables(): string[][] {
  const settings = SETTING_NAMES.map((name) => [
    `\`${SETTINGS[name].variable}\``,
    `the setting \`${name}\` of [CONFIG.md](CONFIG.md)`,
  ]);
  return [
    ['`LARDER_CONFIG`', 'the configuration file, as `--config`; `none` for no file'],
    ...settings,
    ['`NO_COLOR`', 'set to anything: no colours in progress bars'],
  ];
}
