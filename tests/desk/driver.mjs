// One Chromium for a class of tests (tests/integration/browser.py). Each line of the standard
// input names a step of a script beside this file, {"script", "step", "given"}; what comes of it
// are lines of JSON: {"check", "ok", "detail"} for each thing looked at, and {"end", "result"} or
// {"end", "error"} when it is over.

import readline from 'node:readline';
import { Desk, launch } from './desk.mjs';

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

async function run(browser, { script, step, given }) {
  const desk = new Desk(browser, given, say);
  try {
    const steps = await import(`./${script}.mjs`);
    const result = await steps[step](desk, given);
    desk.nothingHappened();
    if (desk.failed) await desk.keepPictures();
    say({ end: true, result: result ?? null });
  } catch (problem) {
    await desk.keepPictures();
    say({ end: true, error: problem.stack ?? String(problem) });
  } finally {
    await desk.close();
  }
}

const browser = await launch();
say({ ready: browser.version() });
for await (const line of readline.createInterface({ input: process.stdin })) {
  await run(browser, JSON.parse(line));
}
await browser.close();
