// The list of what is held, and what is done with many at once.

export async function filters(desk, { name, password, cases }) {
  const page = await desk.session(name, password);
  for (const [query, expected] of cases) {
    await page.goto(`/held?${query}`);
    desk.equal(`?${query}`, expected.slice().sort(), (await desk.ids(page)).sort());
    for (const [field, value] of new URLSearchParams(query)) {
      const shown = await page.locator(`[name="${field}"]`).first().inputValue().catch(() => null);
      desk.equal(`the form keeps ${field} of ?${query}`, value, shown);
    }
  }
}

// From page to page, each row once.
export async function pages(desk, { name, password, count }) {
  const page = await desk.session(name, password);
  const seen = [];
  for (let turns = 0; turns < 20; turns += 1) {
    const ids = await desk.ids(page);
    desk.check('no page has more than 50', ids.length <= 50, ids.length);
    seen.push(...ids);
    const next = page.locator('a[rel=next]');
    if (await next.count() === 0) break;
    await next.first().click();
    await page.waitForLoadState();
  }
  desk.equal('each is there once', count, new Set(seen).size);
  desk.equal('none is there twice', count, seen.length);
  return seen;
}

export async function bulk(desk, { name, password, items, act, reason }) {
  const page = await desk.session(name, password);
  for (const item of items) await desk.row(page, item).locator('input[name=item]').check();
  const results = await desk.act(page, act, reason);
  const again = await page.goBack().then(() => desk.ids(page)).catch(() => []);
  return { results, again };
}

// The same form twice, of a page that is old by then.
export async function twice(desk, { name, password, items, act, reason }) {
  const pages = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const page = await desk.session(name, password);
    for (const item of items) await desk.row(page, item).locator('input[name=item]').check();
    pages.push(page);
  }
  return [await desk.act(pages[0], act, reason), await desk.act(pages[1], act, reason)];
}

const rowAt = (page) => page.evaluate(() => document.activeElement?.closest('tr[data-id]')?.dataset.id
  ?? document.querySelector('tr[data-id][aria-selected=true], tr[data-id].current')?.dataset.id ?? null);

// j and k walk, x chooses, o opens, r releases.
export async function keys(desk, { name, password }) {
  const page = await desk.session(name, password);
  const ids = await desk.ids(page);
  await page.keyboard.press('j');
  desk.equal('j goes to the first', ids[0], await rowAt(page));
  await page.keyboard.press('j');
  desk.equal('j goes on', ids[1], await rowAt(page));
  await page.keyboard.press('k');
  desk.equal('k goes back', ids[0], await rowAt(page));
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  const checked = await page.locator('input[name=item]:checked').count();
  desk.equal('x chooses', 2, checked);
  await page.keyboard.press('x');
  desk.equal('x takes it back', 1, await page.locator('input[name=item]:checked').count());
  // Letters in a field are letters.
  const search = page.locator('input[name=q]');
  await search.focus();
  await page.keyboard.type('jkxor');
  desk.equal('no key acts in a field', 'jkxor', await search.inputValue());
  await search.fill('');
  await search.blur();
  await page.keyboard.press('j');
  const at = await rowAt(page);
  await page.keyboard.press('o');
  await page.waitForURL(`**/held/**`);
  desk.check('o opens it', at !== null && page.url().includes(at), page.url());
  await page.goBack();
  return ids;
}

// r does not act by itself: it goes to the reason, Enter acts.
export async function releaseByKey(desk, { name, password, item, reason }) {
  const page = await desk.session(name, password);
  await page.keyboard.press('j');
  desk.equal('the row is the one', item, await rowAt(page));
  await page.keyboard.press('r');
  await page.waitForTimeout(300);
  desk.equal('nothing is done yet', 0, await page.locator('ul#results').count());
  const active = await page.evaluate(() => document.activeElement?.getAttribute('name'));
  desk.equal('r asks for the reason', 'reason', active);
  await page.keyboard.type(reason);
  await page.keyboard.press('Enter');
  return desk.results(page);
}

export async function withoutScript(desk, { name, password, items, reason }) {
  const page = await desk.page({ javaScriptEnabled: false });
  await desk.login(page, name, password);
  await page.fill('input[name=q]', 'Angebot');
  await page.press('input[name=q]', 'Enter');
  await page.waitForURL('**/held?**');
  desk.equal('a search finds the one', [items[0]], await desk.ids(page));
  await desk.row(page, items[0]).locator('a').first().click();
  await page.waitForURL(`**/held/${items[0]}**`);
  const opened = await desk.act(page, 'release', reason);
  desk.equal('the message is released by its page', { [items[0]]: 'done' }, opened);
  await page.goto('/held');
  for (const item of items.slice(1)) await desk.row(page, item).locator('input[name=item]').check();
  const many = await desk.act(page, 'delete', reason);
  desk.equal('many are deleted at once', Object.fromEntries(items.slice(1).map((item) => [item, 'done'])), many);
  await page.goto('/overview');
  desk.check('the overview is there', (await page.innerText('main')).length > 20);
  await page.click('form[action="/logout"] button');
  await page.goto('/held');
  desk.equal('the login is over', 1, await page.locator('form#login').count());
}

// What a hold, a note and a rejection need stands in the page.
export async function otherActs(desk, { name, password, user, held, noted, rejected }) {
  const page = await desk.session(name, password);
  const open = (item) => page.goto(`/held/${item}?user=${user}`);
  await open(noted);
  await page.fill('form#note [name=text]', 'Ask the notary first');
  desk.equal('a note is kept', { [noted]: 'done' }, await desk.act(page, 'note', ''));
  await open(noted);
  desk.check('it is shown to colleagues', (await page.innerText('#notes')).includes('Ask the notary first'));
  await open(held);
  const until = page.locator('[name=until]').first();
  if (await until.evaluate((field) => field.tagName) === 'SELECT') await until.selectOption({ index: 1 });
  else await until.fill('30d');
  desk.equal('it is held longer', { [held]: 'done' }, await desk.act(page, 'hold', 'the notary is away'));
  await open(rejected);
  desk.equal('it is rejected', { [rejected]: 'done' }, await desk.act(page, 'reject', 'not wanted'));
}
