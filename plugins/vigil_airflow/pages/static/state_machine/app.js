// Asks for the data, draws when they changed, and decides when to ask again: only while the run goes on, only while
// somebody looks, and less often the longer nothing happens.
import { drawing } from './drawing.js';
import { followTheme, html } from './page.js';
import { badge, everyState, executionData, foldable, panel, requestLink, table, waitingState } from './panel.js';
import { duration, executionStatus, moment, redriven, STATUS, statusOf, waitWords } from './words.js';

const SHORTEST = 3_000;
const LONGEST = 30_000;
const page = document.getElementById('page');
const news = document.getElementById('news');
const { source, approvals } = document.body.dataset;
const shown = {
  data: null, tag: null, index: 0, selected: null, all: false, opened: new Set(),
  pause: SHORTEST, timer: 0, asking: false, trouble: '',
};

function view() {
  const executions = shown.data?.executions ?? [];
  const execution = executions[Math.min(shown.index, executions.length - 1)];
  const { selected, all, opened } = shown;
  return { executions, execution, selected, all, opened, approvals, mayRead: shown.data?.may_read, pick, show };
}

function pick(name) {
  shown.selected = shown.selected === name ? null : name;
  render();
}

function show(index) {
  shown.index = index;
  shown.selected = null;
  render();
  document.querySelector(`[data-execution="${index}"]`)?.focus();
}

/** What a person would want first: the state that needs somebody, else the one at work, else where it went wrong. */
function interesting(execution) {
  const states = Object.values(execution.progress.states);
  for (const status of ['waiting', 'retrying', 'running']) {
    const found = states.filter((state) => state.status === status);
    if (found.length) return found.at(-1).name;
  }
  // A Fail state only names what went wrong; where it went wrong was caught before.
  const told = execution.status === 'FAILED' ? ['caught', 'failed', 'timed-out'] : ['failed', 'timed-out', 'aborted'];
  for (const status of told) {
    const found = states.filter((state) => state.status === status);
    found.sort((a, b) => a.entered_at.localeCompare(b.entered_at));
    if (found.length) return found.at(-1).name;
  }
  return null;
}

function summary(current) {
  const { execution } = current;
  const status = executionStatus(execution);
  const waiting = waitingState(execution);
  const redrives = redriven(execution.progress.redrives);
  const error = execution.error ? `: ${execution.error}` : '';
  const began = `started ${moment(execution.started_at)}`;
  const link = waiting?.request_id && requestLink(waiting.request_id, current);
  const took = execution.stopped_at ? `, took ${duration(execution.started_at, execution.stopped_at)}` : '';
  return html(
    'header',
    {},
    html('h1', {}, execution.machine),
    html('p', {}, badge(status, STATUS[status] + error), ` ${execution.name}, ${began}${took}${redrives}`),
    waiting?.wait && html('p', { class: 'wait' }, `${waiting.name} ${waitWords(waiting.wait)}. `, link),
    execution.cause && html('p', { class: 'cause' }, execution.cause),
  );
}

function chooser(current) {
  if (current.executions.length < 2) return null;
  const buttons = current.executions.map((execution, index) => {
    const pressed = index === shown.index ? 'true' : 'false';
    const attributes = { type: 'button', 'data-execution': index, 'aria-pressed': pressed, onclick: () => show(index) };
    return html('button', attributes, execution.machine, ' ', badge(executionStatus(execution)));
  });
  return html('div', { class: 'chooser', role: 'group', 'aria-label': 'Which execution to show' }, buttons);
}

function controls() {
  const chosen = (event) => {
    shown.all = event.target.checked;
    render();
  };
  const box = html('input', { type: 'checkbox', id: 'all-ways', checked: shown.all, onchange: chosen });
  const goesOn = shown.data?.running ? 'This page looks again by itself.' : 'It has ended; this page no longer asks.';
  const asks = shown.trouble || goesOn;
  return html('div', { class: 'controls' },
    html('label', {}, box, ' Show the ways to failures, too'),
    html('span', { class: shown.trouble ? 'trouble' : 'quiet', role: shown.trouble ? 'alert' : null }, asks),
    html('button', { type: 'button', id: 'again', onclick: () => ask() }, 'Look again'));
}

function emptyPage() {
  const words = shown.trouble || shown.data?.notice
    || (shown.data?.running ? 'This run has started no state machine yet.' : 'This run started no state machine.');
  const again = html('button', { type: 'button', id: 'again', onclick: () => ask() }, 'Look again');
  return [html('h1', {}, 'State machine'), html('p', { role: shown.trouble ? 'alert' : null }, words), again];
}

function render() {
  const focused = document.activeElement;
  const names = ['data-state', 'data-row', 'data-execution', 'id'];
  const kept = names.map((name) => [name, focused?.getAttribute?.(name)]).find(([, value]) => value);
  const { scrollTop = 0, scrollLeft = 0 } = document.querySelector('.canvas') ?? {};
  const current = view();
  if (!current.execution) {
    page.replaceChildren(...emptyPage());
  } else {
    const words = foldable(current, 'The same as a table', table(current));
    page.replaceChildren(...[
      summary(current), chooser(current), controls(),
      html('div', { class: 'columns' }, html('div', { class: 'canvas' }, drawing(current)), panel(current)),
      words, executionData(current),
    ].filter(Boolean));
    Object.assign(document.querySelector('.canvas'), { scrollTop, scrollLeft });
  }
  if (kept) document.querySelector(`[${kept[0]}="${CSS.escape(kept[1])}"]`)?.focus({ preventScroll: true });
}

/** Scrolls the drawing alone: the page's heading says what is looked at, and stays. */
function bringIntoCanvas(state) {
  const canvas = document.querySelector('.canvas');
  if (!state || !canvas) return;
  const [inner, outer] = [state.getBoundingClientRect(), canvas.getBoundingClientRect()];
  canvas.scrollTop += inner.top + inner.height / 2 - (outer.top + outer.height / 2);
  canvas.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}

/** Spoken, not shown: which states have changed since the last look. */
function tell(before, after) {
  const changes = [];
  for (const execution of after.executions) {
    const old = before?.executions.find((each) => each.execution_arn === execution.execution_arn);
    if (!old) continue;
    for (const state of everyState(execution.graph)) {
      const status = statusOf(execution, state.name);
      if (status !== statusOf(old, state.name)) changes.push(`${state.name}: ${STATUS[status]}`);
    }
    if (old.status !== execution.status) changes.push(`${execution.machine} ${execution.status.toLowerCase()}`);
  }
  if (changes.length) news.textContent = changes.slice(-6).join('; ');
}

function take(data) {
  const first = !shown.data?.executions.length && data.executions.length;
  tell(shown.data, data);
  shown.data = data;
  if (first) shown.selected = interesting(data.executions[0]);
  return first;
}

async function ask() {
  clearTimeout(shown.timer);
  if (shown.asking) return;
  shown.asking = true;
  const before = shown.trouble;
  try {
    const answer = await fetch(source, { cache: 'no-store', headers: shown.tag ? { 'If-None-Match': shown.tag } : {} });
    shown.trouble = '';
    if (answer.status === 200) {
      shown.tag = answer.headers.get('ETag');
      const first = take(await answer.json());
      shown.pause = SHORTEST;
      render();
      if (first) bringIntoCanvas(document.querySelector('.state.selected'));
    } else if (answer.status === 304) {
      shown.pause = Math.min(LONGEST, shown.pause * 1.5);
      if (before) render();
    } else {
      const told = (await answer.json().catch(() => ({}))).detail;
      const words = typeof told === 'string' ? told : `the server answered ${answer.status}`;
      failed(`${words}.`, answer.status >= 500 || answer.status === 429);
    }
  } catch {
    failed('Airflow does not answer; trying again.', true);
  } finally {
    shown.asking = false;
    again();
  }
}

function failed(words, worthTrying) {
  shown.trouble = words;
  shown.pause = Math.min(LONGEST * 2, shown.pause * 2);
  if (!worthTrying) shown.data = { ...(shown.data ?? { executions: [] }), running: false };
  render();
}

function again() {
  clearTimeout(shown.timer);
  const goesOn = shown.data ? shown.data.running : Boolean(shown.trouble);
  if (goesOn && document.visibilityState === 'visible') shown.timer = setTimeout(ask, shown.pause);
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(shown.timer);
  if (document.visibilityState === 'visible' && (!shown.data || shown.data.running)) {
    shown.pause = SHORTEST;
    ask();
  }
});
followTheme();
ask();
