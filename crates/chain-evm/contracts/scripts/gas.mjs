// Measures the gas of every call (test/Gas.t.sol, each call a transaction of its own), writes the figures to
// snapshots/GasTest.json and the tables of docs/contracts.md, or with --check compares both with a fresh measurement.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forge } from './forge.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const figuresFile = join(root, 'snapshots', 'GasTest.json');
const document = join(root, '..', '..', '..', 'docs', 'contracts.md');

// Call, figure, goal, the last Raiden contracts' figure, remark.
const calls = [
  ['`newChannel`', 'newChannel', 104000, 104256, ''],
  ['`newChannel`, the pair had a channel before', 'newChannel, pair had one before', null, null, 'the pair\'s slot is in use already'],
  ['`newChannelWithDeposit`', 'newChannelWithDeposit', null, null, 'opening and first deposit; Raiden needs two calls, 161,624'],
  ['`newChannelWithPermit`', 'newChannelWithPermit', null, null, 'the approval is inside: two calls less than Raiden\'s three'],
  ['`deposit`', 'deposit', 50000, 57368, 'into a channel that holds tokens, the allowance used up'],
  ['`deposit`, allowance left over', 'deposit, allowance left over', null, null, 'no refund for clearing the allowance'],
  ['`deposit`, unlimited allowance', 'deposit, unlimited allowance', null, null, 'the token neither writes the allowance nor earns the refund'],
  ['`deposit`, first of all', 'deposit, first of all', null, null, 'two slots used for the first time: the ledger and the token\'s balance of the channel'],
  ['`depositWithPermit`', 'depositWithPermit', null, null, 'the approval is inside, and the owner\'s first permit'],
  ['`close` with proof', 'close with proof', 95000, 122682, ''],
  ['`close` without proof', 'close without proof', null, null, ''],
  ['`updateTransfer`', 'updateTransfer', 60000, 91696, ''],
  ['`updateTransfer`, second', 'updateTransfer, second', null, null, 'the proof\'s slot is in use already'],
  ['`updateTransferDelegate`', 'updateTransferDelegate', null, null, 'a second signature'],
  ['`supersedeTransfer`', 'supersedeTransfer', null, null, ''],
  ['`unlockWithSecret`', 'unlockWithSecret', 35000, 38589, 'one lock, alone in its tree'],
  ['`unlock` with one claim', 'unlock of one lock', 35000, 38589, '**missed**: the claims are a list of tuples of byte strings, whose offsets, lengths and hashlock are 1,236 gas of input alone; `unlockWithSecret` does the same in less'],
  ['`unlock` with one claim, tree of 8', 'unlock of one lock of 8', null, null, 'three siblings'],
  ['`unlock` with one claim, tree of 160', 'unlock of one lock of 160', null, null, 'eight siblings at most'],
  ['`unlock` with one claim, secret from the registry', 'unlock of one lock, past expiry, secret registered', null, null, 'past expiry: one call to the SecretRegistry'],
  ['`unlock` with four claims', 'unlock of four locks in one call', null, null, ''],
  ['`settle`', 'settle', 85000, 116222, 'both proofs stored, both are paid'],
  ['`settle`, nothing was ever paid', 'settle, nothing was ever paid', null, null, 'one is paid'],
  ['`settle`, both had no token left', 'settle, both had no token left', null, null, 'two balances of the token used for the first time: 34,200 that no channel contract can save'],
  ['`withdraw`', 'withdraw', 80000, 108824, 'sent by a third party with two signatures'],
  ['`withdraw`, sent by a participant', 'withdraw, sent by a participant', null, null, 'one signature'],
  ['`withdraw`, second', 'withdraw, second', null, null, 'the withdrawals\' slot is in use already'],
  ['`withdraw`, receiver had no token left', 'withdraw, receiver had no token left', null, null, 'a balance of the token used for the first time: 17,100'],
  ['`registerSecret`', 'registerSecret', 45000, 45597, ''],
  ['`registerSecrets`, ten', 'registerSecrets, ten', null, null, '25,974 a secret'],
  ['`cooperativeSettle`', 'cooperativeSettle', 85000, null, 'sent by a third party with two signatures'],
  ['`cooperativeSettle`, sent by a participant', 'cooperativeSettle, sent by a participant', null, null, 'one signature'],
  ['`registerEndpoint`', 'registerEndpoint', null, null, '18 bytes of text'],
  ['`addToken`', 'addToken', null, null, 'deploys the manager and the code behind its channels'],
];

// Name, steps, what Raiden's figures add up to for the same steps.
const lives = [
  ['opened with a deposit, deposit of the partner, cooperative settlement',
    ['newChannelWithDeposit', 'deposit', 'cooperativeSettle, sent by a participant'], null],
  ['the same with a close by one side, an update by the other, and a settlement',
    ['newChannelWithDeposit', 'deposit', 'close with proof', 'updateTransfer', 'settle'],
    104256 + 2 * 57368 + 122682 + 91696 + 116222],
  ['the same with one lock unlocked before the settlement',
    ['newChannelWithDeposit', 'deposit', 'close with proof', 'updateTransfer', 'unlockWithSecret', 'settle'],
    104256 + 2 * 57368 + 122682 + 91696 + 38589 + 116222],
  ['opened without a deposit, one deposit, closed without proof, settled',
    ['newChannel', 'deposit, first of all', 'close without proof', 'settle, nothing was ever paid'], null],
];

const number = (value) => (value === null ? '' : value.toLocaleString('en-US'));

function measure(folder) {
  const args = ['test', '--offline', '--isolate', '--match-contract', 'GasTest', '--gas-snapshot-emit', 'true'];
  process.env.FOUNDRY_SNAPSHOTS = folder;
  if (forge(args, 'pipe') !== 0) fail('the gas tests fail');
  return readFileSync(join(folder, 'GasTest.json'), 'utf8');
}

function tables(figures) {
  const figure = (key) => {
    if (!(key in figures)) fail(`no figure named ${JSON.stringify(key)}: see test/Gas.t.sol`);
    return Number(figures[key]);
  };
  const lines = ['| call | gas | goal | last Raiden | remark |', '|---|---:|---:|---:|---|'];
  for (const [name, key, goal, raiden, remark] of calls) {
    const ours = figure(key);
    const missed = goal !== null && ours > goal;
    if (missed !== remark.startsWith('**missed**')) fail(`${name}: ${ours} against a goal of ${goal}: change the remark`);
    lines.push(`| ${name} | ${number(ours)} | ${number(goal)} | ${number(raiden)} | ${remark} |`);
  }
  lines.push('', '| one channel\'s whole life | gas | last Raiden |', '|---|---:|---:|');
  for (const [name, keys, raiden] of lives) {
    const sum = keys.reduce((total, key) => total + figure(key), 0);
    lines.push(`| ${name} | ${number(sum)} | ${number(raiden)} |`);
  }
  const approve = number(figure('token approve'));
  lines.push('', `Each first deposit of an account needs an approval by the token (${approve}) or a permit in the same call.`);
  return lines.join('\n');
}

function splice(text, table) {
  const [begin, end] = ['<!-- gas:begin -->', '<!-- gas:end -->'];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) fail('docs/contracts.md has lost its gas markers');
  return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
}

function fail(message) {
  throw new Error(message);
}

const folder = mkdtempSync(join(tmpdir(), 'tallystick-gas-'));
try {
  const text = measure(folder);
  const page = readFileSync(document, 'utf8');
  const fresh = splice(page, tables(JSON.parse(text)));
  if (process.argv.includes('--check')) {
    const stored = existsSync(figuresFile) ? readFileSync(figuresFile, 'utf8') : '';
    if (stored !== text || fresh !== page) {
      fail('the gas figures differ from a fresh measurement: run `npm run gas` in the contracts folder and commit the result');
    }
  } else {
    writeFileSync(figuresFile, text);
    writeFileSync(document, fresh);
  }
} catch (error) {
  process.stderr.write(`contracts: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
