// Compiles the contracts with the pinned npm solc and writes one artifact a contract, or with --check compares them.
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const artifacts = join(root, 'artifacts');
const contracts = ['ChannelManager', 'EndpointRegistry', 'NettingChannel', 'Registry', 'SecretRegistry', 'TestToken'];

// The same settings as in foundry.toml: what the tests run is what the artifacts hold.
const settings = {
  evmVersion: 'cancun',
  viaIR: true,
  optimizer: { enabled: true, runs: 1000000 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};

function compile() {
  let solc;
  try {
    solc = require('solc');
  } catch {
    fail('the compiler is missing: run `npm ci` in the contracts folder');
  }
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.solc;
  if (!solc.version().startsWith(`${pinned}+`)) fail(`solc ${pinned} is pinned, found ${solc.version()}`);
  const sources = {};
  for (const file of solidityFiles(join(root, 'src'))) {
    sources[relative(root, file)] = { content: readFileSync(file, 'utf8') };
  }
  const input = { language: 'Solidity', sources, settings };
  const imports = (path) => {
    const file = join(root, 'node_modules', path);
    return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `not found: ${path}` };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imports }));
  const messages = (output.errors ?? [])
    .filter((error) => error.severity === 'error' || !error.sourceLocation?.file.startsWith('@'))
    .map((error) => error.formattedMessage);
  if (messages.length > 0) fail(messages.join('\n'));
  return output.contracts;
}

function solidityFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return solidityFiles(path);
      return entry.name.endsWith('.sol') ? [path] : [];
    })
    .sort();
}

/// Objects with their keys sorted, so that the text depends on the contract alone.
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function render(compiled) {
  const texts = new Map();
  for (const name of contracts) {
    const contract = compiled[`src/${name}.sol`][name];
    const artifact = { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
    texts.set(`${name}.json`, `${JSON.stringify(sorted(artifact), null, 2)}\n`);
  }
  return texts;
}

function check(texts) {
  const problems = [];
  for (const [file, text] of texts) {
    const path = join(artifacts, file);
    if (!existsSync(path)) problems.push(`artifacts/${file} is missing`);
    else if (readFileSync(path, 'utf8') !== text) problems.push(`artifacts/${file} differs from a fresh compilation`);
  }
  for (const file of existsSync(artifacts) ? readdirSync(artifacts) : []) {
    if (!texts.has(file)) problems.push(`artifacts/${file} belongs to no contract`);
  }
  if (problems.length > 0) fail(`${problems.join('\n')}\nrun \`npm run build\` in the contracts folder and commit the result`);
}

function write(texts) {
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(artifacts);
  for (const [file, text] of texts) writeFileSync(join(artifacts, file), text);
}

function fail(message) {
  process.stderr.write(`contracts: ${message}\n`);
  process.exit(1);
}

const texts = render(compile());
if (process.argv.includes('--check')) check(texts);
else write(texts);
