// Runs forge offline with the compiler of bin/solc: the pinned native binary, or `forge` of the PATH on machines for
// which none is pinned.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const pinned = join(root, 'node_modules', '@foundry-rs', 'forge-linux-amd64', 'bin', 'forge');

/// Runs forge in the contracts folder and returns its exit code.
export function forge(args, stdio = 'inherit') {
  const program = existsSync(pinned) ? pinned : 'forge';
  const result = spawnSync(program, args, { cwd: root, stdio, encoding: 'utf8' });
  if (result.error) {
    process.stderr.write(`contracts: forge does not start (${result.error.code}): run \`npm ci\` in the contracts folder\n`);
    return 1;
  }
  if (result.status !== 0 && stdio !== 'inherit') process.stderr.write(`${result.stdout}${result.stderr}`);
  return result.status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, ...rest] = process.argv.slice(2);
  process.exit(forge([command, '--offline', ...rest]));
}
