/** What the command line says about itself, asked of the real program. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './repository.ts';

const execute = promisify(execFile);

export interface CommandHelp {
  readonly text: string;
  /** Empty for a command that has none below it. */
  readonly subcommands: readonly string[];
  readonly options: ReadonlySet<string>;
}

/** Asks each command once. */
export class CommandLine {
  readonly #known = new Map<string, Promise<CommandHelp>>();

  help(path: readonly string[]): Promise<CommandHelp> {
    const key = path.join(' ');
    const known = this.#known.get(key) ?? ask(path);
    this.#known.set(key, known);
    return known;
  }

  /**
   * Follows `larder a b --option …` through the program.
   *
   * @returns what is wrong with it, or undefined
   */
  async problemWith(words: readonly string[]): Promise<string | undefined> {
    const path: string[] = [];
    let help = await this.help(path);
    const options = new Set(help.options);
    for (const word of words) {
      if (word.startsWith('-')) break;
      if (help.subcommands.length === 0) break;
      if (isPlaceholder(word)) return undefined;
      if (!help.subcommands.includes(word)) {
        return `no command \`${word}\`; there are ${help.subcommands.join(', ')}`;
      }
      path.push(word);
      help = await this.help(path);
      for (const option of help.options) options.add(option);
    }
    const used = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
    const unknown = used.find((option) => option !== undefined && !options.has(option));
    return unknown === undefined ? undefined : `no option ${unknown} in larder ${path.join(' ')}`;
  }
}

function isPlaceholder(word: string): boolean {
  return /^[A-Z…<[(]/.test(word);
}

async function ask(path: readonly string[]): Promise<CommandHelp> {
  const program = join(ROOT, 'cli/main.ts');
  const { stdout } = await execute(process.execPath, [program, ...path, '--help'], {
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 20_000,
  });
  const [, commands = ''] = /^Commands:\n((?: .*\n?)*)/m.exec(stdout) ?? [];
  const subcommands = [...commands.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = '']) => name);
  return {
    text: stdout,
    subcommands: subcommands.filter((name) => name !== 'help'),
    options: new Set(stdout.match(/--[a-z][\w-]*/g) ?? []),
  };
}
