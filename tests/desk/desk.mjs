// What the scripts share: pages of the desk that are watched, and what a look at one says.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

// Where quickstart put the packages of package.json: not beside these files.
const require = createRequire(path.join(process.env.SMIME_DESK_MODULES, 'x'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const CHROMIUM = process.env.SMIME_CHROMIUM ?? '/usr/bin/chromium';
// Of one click or page, on a machine that has much else to do.
export const PATIENCE = 60000;

export function launch() {
  // Chromium's own sandbox refuses root.
  const args = ['--disable-gpu', '--disable-dev-shm-usage', '--no-proxy-server'];
  if (process.getuid() === 0) args.push('--no-sandbox');
  return chromium.launch({ executablePath: CHROMIUM, args, chromiumSandbox: false });
}

export class Desk {
  constructor(browser, given, say) {
    this.browser = browser;
    this.url = given.url;
    this.pictures = given.pictures;
    this.say = say;
    this.failed = 0;
    this.contexts = [];
    // What no page of ours ever does.
    this.happened = [];
    this.expected = [];
  }

  // --- what is found

  check(name, ok, detail = '') {
    if (!ok) this.failed += 1;
    this.say({ check: name, ok: Boolean(ok), detail: String(detail).slice(0, 2000) });
    return Boolean(ok);
  }

  equal(name, expected, found) {
    const [one, other] = [written(expected), written(found)];
    return this.check(name, one === other, `expected ${one}, found ${other}`);
  }

  // What happened with this word in it was meant to.
  expect(word) {
    this.expected.push(word);
  }

  nothingHappened() {
    const found = this.happened.filter((line) => !this.expected.some((word) => line.includes(word)));
    this.equal('no script ran, nothing was asked for elsewhere', [], found.slice(0, 20));
  }

  async keepPictures() {
    let number = 0;
    for (const context of this.contexts) {
      for (const page of context.pages()) {
        const file = `${this.pictures}-${number++}.png`;
        const done = await page.screenshot({ path: file, timeout: 5000 }).catch(() => null);
        if (done) this.say({ picture: file, of: page.url() });
      }
    }
  }

  async close() {
    for (const context of this.contexts) await context.close().catch(() => {});
  }

  // --- pages

  // A page in a browser of its own: nothing of another's session.
  async page(options = {}) {
    const { dark = false, language = 'en', width = 1280, height = 900, ...more } = options;
    const context = await this.browser.newContext({
      baseURL: this.url, colorScheme: dark ? 'dark' : 'light', locale: language,
      // Colours in the middle of a change are nobody's.
      viewport: { width, height }, reducedMotion: 'reduce', ignoreHTTPSErrors: true, ...more,
    });
    this.contexts.push(context);
    context.setDefaultTimeout(PATIENCE);
    await this.watch(context);
    return context.newPage();
  }

  async watch(context) {
    const note = (line) => this.happened.push(line);
    await context.exposeBinding('smimeNote', (_, line) => note(line));
    // Payloads call these; a policy that had to stop one says that markup of others' was read.
    await context.addInitScript(() => {
      window.smimeOwned = (what) => window.smimeNote(`executed: ${what}`);
      document.addEventListener('securitypolicyviolation', (event) =>
        window.smimeNote(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
    });
    const asked = (request, by = '') => {
      const url = new URL(request.url());
      if (url.protocol === 'data:' || url.protocol === 'blob:') note(`${by}request: ${request.url().slice(0, 200)}`);
      else if (url.origin !== new URL(this.url).origin) note(`${by}request elsewhere: ${request.url()}`);
      else if (url.pathname.includes('owned')) note(`${by}request of a payload: ${request.url()}`);
    };
    // One that a policy stopped never left the browser.
    context.on('response', (response) => asked(response.request()));
    context.on('requestfailed', (request) =>
      asked(request, request.failure()?.errorText === 'csp' ? 'stopped ' : ''));
    context.on('page', (page) => {
      page.on('dialog', (dialog) => {
        note(`dialog: ${dialog.message()}`);
        dialog.dismiss().catch(() => {});
      });
      page.on('pageerror', (error) => note(`error of a script: ${error.message}`));
      page.on('console', (message) => {
        // A refusal's status is said there as well.
        if (message.type() === 'error' && !message.text().includes('the server responded with a status'))
          note(`console: ${message.text()}`);
      });
      page.on('popup', () => note('a window was opened'));
      page.on('download', (download) => note(`download: ${download.suggestedFilename()}`));
    });
  }

  async login(page, name, password, at = '/') {
    await page.goto(at);
    if (await page.locator('form#login').count() === 0) await page.goto('/login');
    await page.fill('form#login input[name=name]', name);
    await page.fill('form#login input[name=password]', password);
    await page.click('form#login button[type=submit], form#login button:not([type])');
    await page.waitForSelector('#who');
    const who = await page.innerText('#who');
    this.check(`the page says that it is ${name}'s`, who.includes(name), who);
    return page;
  }

  async session(name, password, options = {}) {
    return this.login(await this.page(options), name, password);
  }

  row(page, id) {
    return page.locator(`table#held tbody tr[data-id="${id}"]`);
  }

  async ids(page) {
    return page.locator('table#held tbody tr[data-id]').evaluateAll((rows) =>
      rows.map((row) => row.dataset.id));
  }

  async results(page) {
    await page.waitForSelector('ul#results li[data-id]');
    return page.locator('ul#results li[data-id]').evaluateAll((items) =>
      Object.fromEntries(items.map((item) => [item.dataset.id, item.dataset.result])));
  }

  // Chooses an act, with a reason. Where the page asks again, it is confirmed.
  async act(page, act, reason = '') {
    const word = `button[name=act][value="${act}"]`;
    const form = page.locator('form[action="/act"]').filter({ has: page.locator(word) });
    const button = form.locator(word);
    const field = form.locator('[name=reason]');
    if (reason && await field.count() > 0) await field.fill(reason);
    await reveal(button);
    await button.click();
    await page.waitForSelector('ul#results li[data-id], input[name=confirm]', { state: 'attached' });
    if (await page.locator('input[name=confirm]').count() > 0) {
      await this.looksSound(page, 'the question before an act');
      await button.click();
    }
    return this.results(page);
  }

  // --- a look at a page

  // Of each page: its structure is ours, whatever others wrote into it.
  async looksSound(page, what) {
    const found = await page.evaluate(lookAtStructure, new URL(this.url).origin);
    this.equal(`${what}: its structure is sound`, [], found);
  }

  // No letter on it changes how others are read (Unicode's categories Cc, Cf, Cs, Co, Cn).
  async nothingUnseen(page, what) {
    const found = await page.evaluate(() => {
      const texts = [document.title];
      const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) texts.push(walker.currentNode.data);
      for (const element of document.querySelectorAll('*'))
        for (const attribute of element.attributes) texts.push(attribute.value);
      return texts.flatMap((text) => {
        // Joiners are a part of letters where they stand between such.
        const match = /(?![\n\r\t])(?!(?<=[^\x00-\x7f])[\u200c\u200d][^\x00-\x7f])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.exec(text);
        return match ? [`${match[0].codePointAt(0).toString(16)} in ${text.slice(Math.max(0, match.index - 40), match.index + 20)}`] : [];
      }).slice(0, 10);
    });
    this.equal(`${what}: no letter that is not seen`, [], found);
  }

  async noSideways(page, what) {
    const [wide, seen, culprits] = await page.evaluate(() => {
      const root = document.scrollingElement;
      const wide = [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
        .slice(0, 5).map((element) => `${element.tagName}#${element.id}.${element.className}`);
      return [root.scrollWidth, root.clientWidth, wide];
    });
    this.check(`${what}: it is not wider than the window`, wide <= seen, `${wide} of ${seen}: ${culprits}`);
  }

  // rules: these alone.
  async axe(page, what, rules = null) {
    if (!await page.evaluate(() => Boolean(window.axe))) await page.evaluate(AXE);
    const found = await page.evaluate(async (only) => {
      const report = await window.axe.run(document, { resultTypes: ['violations'], ...(only && { runOnly: only }) });
      return report.violations.map((rule) => `${rule.id}: ${rule.help}: `
        + rule.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join('; '));
    }, rules);
    this.equal(`${what}: axe finds nothing`, [], found);
  }
}

// The same text for the same value, in whatever order an object's fields came.
function written(value) {
  return JSON.stringify(value, (_, inner) => (inner && typeof inner === 'object' && !Array.isArray(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1))) : inner));
}

// What stands in a closed <details> is opened as a person does it.
export async function reveal(locator) {
  const closed = locator.locator('xpath=ancestor::details[not(@open)]');
  while (await closed.count() > 0) await closed.first().locator('> summary').click();
}

// Runs in the page.
function lookAtStructure(origin) {
  const found = [];
  const say = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 150)}`);
  const all = [...document.querySelectorAll('*')];
  for (const element of all) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on') || name === 'style' || name === 'srcdoc') say('attribute', element);
      if (['href', 'src', 'action', 'formaction', 'xlink:href'].includes(name)) {
        const url = URL.canParse(value, document.baseURI) ? new URL(value, document.baseURI) : null;
        if (!url || url.origin !== origin) say('address', element);
      }
    }
  }
  const forbidden = 'iframe, object, embed, base, style, script:not([src]), meta[http-equiv], '
    + 'marquee, video, audio, template, body body, form form, a a, math';
  for (const element of document.querySelectorAll(forbidden)) say('element', element);
  const ids = all.map((element) => element.id).filter(Boolean);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id twice: ${id}`);
  for (const table of document.querySelectorAll('table')) {
    const columns = table.querySelectorAll('thead tr:last-child > *').length;
    for (const row of table.querySelectorAll('tbody tr')) {
      const cells = [...row.children].reduce((sum, cell) => sum + cell.colSpan, 0);
      if (columns && cells !== columns) say(`${cells} cells of ${columns}`, row);
    }
  }
  if (document.querySelectorAll('main').length !== 1) found.push('not one <main>');
  if (document.querySelectorAll('h1').length !== 1) found.push('not one <h1>');
  if (!document.documentElement.lang) found.push('no language');
  if (document.compatMode !== 'CSS1Compat') found.push('quirks mode');
  return [...new Set(found)].slice(0, 20);
}
