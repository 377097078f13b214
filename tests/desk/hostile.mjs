// Mail whose every field was written to harm who looks at it.

// Text as it is seen, without line breaks that a narrow column makes.
const squeezed = (text) => text.replace(/\s+/g, '');

// given.seen: what has to be readable there.
async function look(desk, page, what, seen = []) {
  await desk.looksSound(page, what);
  await desk.nothingUnseen(page, what);
  await desk.noSideways(page, what);
  await reveal(page);
  const text = squeezed(await page.innerText('body'));
  for (const word of seen)
    desk.check(`${what}: "${word}" is readable`, text.includes(squeezed(word)), text.slice(0, 1500));
  // What a person would do with it.
  const covered = await page.evaluate(() => [...document.querySelectorAll('form[action="/act"] button')]
    .filter((button) => button.checkVisibility()).filter((button) => {
      button.scrollIntoView({ block: 'center' });
      const box = button.getBoundingClientRect();
      return !button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
    }).map((button) => button.outerHTML));
  desk.equal(`${what}: no button is covered`, [], covered);
}

// All that is folded away is opened.
async function reveal(page) {
  await page.evaluate(() => document.querySelectorAll('details').forEach((element) => { element.open = true; }));
}

export async function everyPage(desk, { name, password, recipient, items, user, listed, shown }) {
  for (const width of [1280, 320]) {
    const page = await desk.session(name, password, { width });
    await page.goto('/held');
    await look(desk, page, `the list of ${width}`, listed);
    for (const item of items) {
      const row = desk.row(page, item);
      desk.equal(`a row of ${item}`, 1, await row.count());
      const box = await row.boundingBox();
      desk.check(`the row of ${item} is seen, and not endless`, box && box.height > 10 && box.height < 700,
        JSON.stringify(box));
    }
    // A page of each; of many, some stand for how narrow ones look.
    const few = items.length > 10 && width < 1280 ? items.filter((_, number) => number % 4 === 0) : items;
    for (const item of few) {
      const answer = await page.goto(`/held/${item}?user=${user}`);
      desk.equal(`the page of ${item}`, 200, answer.status());
      await look(desk, page, `the message ${item} of ${width}`, shown[item]);
    }
    await page.goto('/overview');
    await look(desk, page, `the overview of ${width}`);
    await page.goto('/held?state=any');
    await look(desk, page, `the list of all of ${width}`);
  }
  const page = await desk.session(recipient, password);
  await look(desk, page, "the recipient's page", listed);
}

// What is asked for comes back in the page.
export async function echoed(desk, { name, password, texts }) {
  // The addresses themselves have the word of a payload.
  for (const text of texts) desk.expect(encodeURIComponent(text));
  const page = await desk.page();
  for (const text of texts) {
    const word = encodeURIComponent(text);
    for (const path of [`/login?name=${word}`, `/?t=${word}`, `/${word}`, `/held?q=${word}`]) {
      await page.goto(path);
      await desk.looksSound(page, path.slice(0, 80));
      await desk.nothingUnseen(page, path.slice(0, 80));
    }
  }
  await desk.login(page, name, password);
  for (const [number, text] of texts.entries()) {
    const word = encodeURIComponent(text);
    const fields = number % 2 === 0 ? ['q', 'after'] : ['q', 'from', 'to', 'subject', 'class', 'reason', 'state', 'age', 'sort', 'after', 'rule'];
    for (const path of [...fields.map((field) => `/held?${field}=${word}`), `/held/${word}?user=${word}`,
      `/held/${'0'.repeat(32)}?user=${word}`, `/overview?days=${word}`, `/static/${word}`]) {
      await page.goto(path);
      await desk.looksSound(page, path.slice(0, 80));
      await desk.nothingUnseen(page, path.slice(0, 80));
      await desk.noSideways(page, path.slice(0, 80));
    }
  }
  // A wrong login says nothing of what was typed that runs.
  for (const text of texts.slice(0, 2)) {
    const other = await desk.page();
    await other.goto('/login');
    await other.fill('input[name=name]', text);
    await other.fill('input[name=password]', text);
    await other.press('input[name=password]', 'Enter');
    await other.waitForLoadState();
    await desk.looksSound(other, 'a wrong login');
  }
}

// What reviewers write is others' text for their colleagues.
export async function reasons(desk, { name, password, item, user, texts, seen }) {
  const page = await desk.session(name, password);
  for (const text of texts) {
    await page.goto(`/held/${item}?user=${user}`);
    await page.locator('form#note [name=text]').fill(text);
    await desk.act(page, 'note', text);
    await look(desk, page, 'the results');
  }
  await page.goto(`/held/${item}?user=${user}`);
  await look(desk, page, 'the notes', seen);
}

// HTML of a message in its frame: nothing of it runs, nothing is loaded.
export async function frame(desk, { name, password, item, user, seen }) {
  // The browser says of each that it was stopped.
  for (const word of ['console: Blocked script execution', 'violates the following Content Security Policy',
    'console: Refused to', 'policy: ', 'stopped request'])
    desk.expect(word);
  const page = await desk.session(name, password);
  await page.goto(`/held/${item}?user=${user}`);
  const path = await page.locator('iframe, a[href*="/html?"]').first()
    .evaluate((element) => element.getAttribute('src') ?? element.getAttribute('href'));
  // As a page of its own it is as harmless as in the frame.
  for (const where of [page.url(), path]) {
    await page.goto(where);
    await page.waitForTimeout(500);
    const texts = await Promise.all(page.frames().map((one) => one.innerText('body').catch(() => '')));
    desk.check(`${where}: its text is read`, texts.join(' ').includes(seen) || where !== path, texts);
  }
  const sandbox = await page.request.get(path);
  const policy = sandbox.headers()['content-security-policy'] ?? '';
  desk.check('the answer is a sandbox by itself', /(^|;)\s*sandbox\s*(;|$)/.test(policy), policy);
}
