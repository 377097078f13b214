// Each page in each language and scheme: axe, narrow windows, the keyboard alone, a picture.

import { statSync } from 'node:fs';

// Each page once, by who sees it. given.pages: [{what, path, who}], who null: nobody logged in.
async function visit(desk, { pages, password }, options, look) {
  const sessions = new Map();
  for (const { what, path, who } of pages) {
    if (!sessions.has(who))
      sessions.set(who, who ? await desk.session(who, password, options) : await desk.page(options));
    const page = sessions.get(who);
    await page.goto(path);
    await look(page, what);
  }
}

export async function axe(desk, given) {
  for (const language of ['en', 'de']) {
    await visit(desk, given, { language }, async (page, what) => {
      desk.equal(`${what} is in the language of the browser`, language,
        await page.getAttribute('html', 'lang'));
      await desk.looksSound(page, `${what} (${language})`);
      await page.emulateMedia({ colorScheme: 'light' });
      await desk.axe(page, `${what} (${language}, light)`);
      // The scheme changes colours alone.
      await page.emulateMedia({ colorScheme: 'dark' });
      await desk.axe(page, `${what} (${language}, dark)`, ['color-contrast', 'link-in-text-block']);
    });
  }
}

// In German, whose words are the longest.
export async function narrow(desk, given) {
  await visit(desk, given, { language: 'de' }, async (page, what) => {
    for (const [width, height] of [[1280, 900], [640, 360], [320, 640]]) {
      await page.setViewportSize({ width, height });
      await desk.noSideways(page, `${what} of ${width}`);
    }
    await targets(desk, page, what);
  });
}

// Target sizes of WCAG 2.2 (2.5.8): 24 by 24, or a line of text's link.
async function targets(desk, page, what) {
  const small = await page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea, summary')]
    .filter((element) => element.type !== 'hidden' && element.checkVisibility())
    .map((element) => [element, element.closest('label') ?? element])
    .filter(([, seen]) => {
      const box = seen.getBoundingClientRect();
      return box.width < 24 || box.height < 24;
    }).map(([element]) => element.outerHTML.slice(0, 120)));
  desk.equal(`${what}: what is to be hit is large enough`, [], small);
}

// What has the focus, and whether that is seen.
function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  const middle = document.elementFromPoint(box.x + Math.min(box.width / 2, 10), box.y + box.height / 2);
  return {
    what: element.outerHTML.slice(0, 120), ring, inWindow: box.bottom > 0 && box.top < innerHeight,
    covered: Boolean(middle) && !element.contains(middle) && !middle.contains(element),
    key: `${element.tagName} ${element.name ?? ''} ${element.value ?? ''} ${element.getAttribute('href') ?? ''}`,
  };
}

// Tab until the focus is on it.
async function tabTo(desk, page, what, selector) {
  for (let turns = 0; turns < 150; turns += 1) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(focused);
    if (now) {
      desk.check(`${what}: the focus is seen`, now.ring, now.what);
      desk.check(`${what}: the focus is in the window`, now.inWindow && !now.covered, now.what);
    }
    if (await page.evaluate((word) => document.activeElement?.matches(word) ?? false, selector)) return true;
  }
  return desk.check(`${what}: the keyboard comes to ${selector}`, false);
}

// From the login to a released message without a mouse, and without the keys of the list.
export async function keyboard(desk, { name, password, item, reason }) {
  const page = await desk.page();
  await page.goto('/login');
  await tabTo(desk, page, 'login', 'input[name=name]');
  await page.keyboard.type(name);
  await tabTo(desk, page, 'login', 'input[name=password]');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#who');
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement?.getAttribute('href') ?? '');
  desk.check('the first is a way past the head', first.startsWith('#'), first);
  await page.keyboard.press('Enter');
  await tabTo(desk, page, 'list', `tr[data-id="${item}"] a`);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/held/**');
  await tabTo(desk, page, 'message', 'form#act [name=reason]');
  await page.keyboard.type(reason);
  await tabTo(desk, page, 'message', 'form#act button[value=release]');
  await page.keyboard.press('Enter');
  const results = await desk.results(page);
  await tabTo(desk, page, 'results', 'form[action="/logout"] button');
  await page.keyboard.press('Enter');
  await page.waitForSelector('form#login');
  return results;
}

// The picture of README.md.
export async function picture(desk, { name, password, file, most, path = '/held' }) {
  const page = await desk.session(name, password, { width: 1200, height: 1000 });
  await page.goto(path);
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  desk.check(`the picture is below ${most} bytes`, size < most && size > 5000, size);
  return size;
}
