// The story of a held message, as its people see it.

import { reveal } from './desk.mjs';

// The link of the notice: it shows, and does nothing by itself.
export async function looks(desk, { link, subject }) {
  const page = await desk.page();
  await page.goto(link);
  const text = await page.innerText('main');
  desk.check('the page of the link names the message', text.includes(subject), text);
  await desk.looksSound(page, 'the page of the link');
  desk.equal('nobody is logged in', 0, await page.locator('#who').count());
}

export async function asks(desk, { link, reason, act = 'request' }) {
  const page = await desk.page();
  await page.goto(link);
  const form = page.locator('form[action="/token/act"]').filter({ has: page.locator(`button[value=${act}]`) });
  const field = form.locator('[name=reason]');
  if (reason && await field.count() > 0) await field.fill(reason);
  await form.locator(`button[value=${act}]`).click();
  return desk.results(page);
}

export async function isRefused(desk, { link, subject }) {
  const page = await desk.page();
  const answer = await page.goto(link);
  desk.check('the link is refused', answer.status() >= 400, answer.status());
  const text = await page.innerText('body');
  desk.check('nothing of the message is said', !text.includes(subject), text);
}

// A reviewer finds what was asked for on top, reads why, and releases it.
export async function releases(desk, { name, password, item, user, subject, asked, reason }) {
  const page = await desk.session(name, password);
  const ids = await desk.ids(page);
  desk.equal('what was asked for is on top', item, ids[0]);
  const row = await desk.row(page, item).innerText();
  desk.check('its row has its subject', row.includes(subject), row);
  await desk.looksSound(page, 'the list');
  await desk.row(page, item).locator('a').first().click();
  await page.waitForURL(`**/held/${item}**`);
  const text = await page.innerText('main');
  for (const word of [subject, 'partner@example.net', 'alice', asked])
    desk.check(`the message's page says "${word}"`, text.includes(word), text);
  for (const section of ['why', 'uninspectable', 'signature', 'encryption', 'parts', 'headers', 'history', 'notes'])
    desk.equal(`there is #${section}`, 1, await page.locator(`#${section}`).count());
  await desk.looksSound(page, 'the message');
  const results = await desk.act(page, 'release', reason);
  desk.equal('it is released', { [item]: 'done' }, results);
  await page.goto('/held');
  desk.check('it is not in the list any more', !(await desk.ids(page)).includes(item));
  // As a double click or a button "back" does it.
  await page.goto(`/held/${item}?user=${user}`);
  return page.innerText('main');
}

// Who reviews another domain has no way to it.
export async function seesNothing(desk, { name, password, item, user, words }) {
  const page = await desk.session(name, password);
  for (const path of ['/held', '/held?state=requested', '/held?state=any', '/overview', '/mine',
    `/held/${item}?user=${user}`, `/held/${item}/original?user=${user}`]) {
    const answer = await page.request.get(path);
    const text = await answer.text();
    // The id that he asked for himself may come back to him.
    for (const word of words.filter((one) => !path.includes(one)))
      desk.check(`${name} finds no "${word}" at ${path}`, !text.includes(word), text);
  }
}

export async function repeats(desk, { name, password, item, user, act }) {
  const page = await desk.session(name, password);
  await page.goto(`/held/${item}?user=${user}`);
  const first = page.locator(`form#act button[name=act][value="${act}"]`);
  await reveal(first);
  await Promise.all([page.waitForSelector('ul#results'), first.dblclick()]);
  return desk.results(page);
}
