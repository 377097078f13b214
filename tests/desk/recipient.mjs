// What a recipient sees of his own.

export async function own(desk, { name, password, mine, others, request, release }) {
  const page = await desk.session(name, password);
  desk.check('he comes to his own page', page.url().endsWith('/mine'), page.url());
  await desk.looksSound(page, 'his page');
  await desk.nothingUnseen(page, 'his page');
  desk.equal('his own is there', mine.slice().sort(), (await desk.ids(page)).sort());
  const text = await page.content();
  for (const word of others) desk.check(`nothing of another's (${word})`, !text.includes(word));
  for (const act of ['reject', 'delete'])
    desk.equal(`he is not offered to ${act}`, 0, await page.locator(`button[value=${act}]`).count());
  for (const [act, item] of [['request', request], ['release', release]]) {
    await page.goto('/mine');
    await desk.row(page, item).locator('a').first().click();
    await page.waitForURL(`**/held/${item}**`);
    desk.equal(`he may ${act}`, { [item]: 'done' }, await desk.act(page, act, `please ${act}`));
  }
  for (const path of ['/held', '/overview']) {
    const answer = await page.request.get(path);
    const body = await answer.text();
    for (const word of others) desk.check(`${path} has nothing of another's (${word})`, !body.includes(word));
  }
}
