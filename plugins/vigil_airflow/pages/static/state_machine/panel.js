// One state in full, and the table that says the same as the drawing.
import { icon } from './drawing.js';
import { html, svg } from './page.js';
import { duration, lasted, moment, STATUS, statusOf, waitWords } from './words.js';

const NOT_READABLE = 'Your role may not read the results of this DAG: inputs, outputs and causes are not shown.';

export function everyState(graph) {
  return graph.states.flatMap((state) => [state, ...state.branches.flatMap(everyState)]);
}

export function badge(status, words = STATUS[status]) {
  const picture = svg('svg', { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' }, icon(status));
  return html('span', { class: `badge ${status}` }, picture, words);
}

function row(name, value) {
  return value === '' || value === null || value === undefined ? [] : [html('dt', {}, name), html('dd', {}, value)];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Stays open, where a person opened it, when the page is drawn anew. */
export function foldable(view, name, ...content) {
  const toggled = (event) => view.opened[event.target.open ? 'add' : 'delete'](name);
  return html('details', { open: view.opened.has(name), ontoggle: toggled }, html('summary', {}, name), content);
}

function data(view, name, text) {
  return text ? foldable(view, name, html('pre', { tabindex: '0', 'aria-label': name }, pretty(text))) : null;
}

function failures(progress) {
  if (!progress?.failures.length) return null;
  const items = progress.failures.map((each) =>
    html(
      'li',
      {},
      html('strong', {}, each.error || each.kind),
      ` at ${moment(each.at)}`,
      each.cause && html('pre', { tabindex: '0', 'aria-label': 'Cause' }, pretty(each.cause)),
    ),
  );
  const title = items.length > 1 ? `Errors (${items.length})` : 'Error';
  return html('section', {}, html('h3', {}, title), html('ul', { class: 'plain' }, items));
}

export function requestLink(id, view) {
  return html('a', { href: view.approvals + encodeURIComponent(id) }, `Approval request ${id}`);
}

/** The one of which the page's heading says what it waits for. */
export function waitingState(execution) {
  return Object.values(execution.progress.states).find((state) => state.status === 'waiting');
}

function ways(state, view) {
  if (!state.transitions.length) return null;
  const taken = new Set(view.execution.progress.taken.map((way) => way.join('\n')));
  const items = state.transitions.map((way) => {
    const words = { catch: `on error ${way.label}`, choice: `if ${way.label}`, default: 'otherwise', next: 'then' };
    const gone = taken.has(`${state.name}\n${way.to}`) && html('strong', {}, ' (taken)');
    return html('li', {}, `${words[way.kind]} → ${way.to}`, gone);
  });
  return foldable(view, 'Ways on', html('ul', { class: 'plain' }, items));
}

function startedButton(view, index) {
  const words = `Show the execution it started: ${view.executions[index].machine}`;
  return html('button', { type: 'button', onclick: () => view.show(index) }, words);
}

export function panel(view) {
  const { execution, selected } = view;
  const state = everyState(execution.graph).find((each) => each.name === selected);
  if (!state) {
    const advice = 'Choose a state to see what it was given, what it gave, and how often it was tried.';
    return html('section', { class: 'panel', 'aria-label': 'State' }, html('p', { class: 'quiet' }, advice));
  }
  const progress = execution.progress.states[selected];
  const status = statusOf(execution, selected);
  const saidAbove = waitingState(execution)?.name === selected;
  const nested = progress?.nested_execution;
  const known = nested && view.executions.findIndex((each) => each.execution_arn === nested);
  return html(
    'section',
    { class: 'panel', 'aria-labelledby': 'panel-title' },
    html('h2', { id: 'panel-title', tabindex: '-1' }, state.name),
    badge(status),
    !saidAbove && progress?.wait && html('p', { class: 'wait' }, `It ${waitWords(progress.wait)}.`),
    !saidAbove && progress?.request_id && html('p', {}, requestLink(progress.request_id, view)),
    known > 0 && html('p', {}, startedButton(view, known)),
    state.distributed && html('p', {}, 'Its iterations are executions of their own, listed in Step Functions.'),
    html(
      'dl',
      {},
      row('Type', state.type),
      row('Calls', state.calls),
      row('Entered', moment(progress?.entered_at)),
      row('Left', moment(progress?.ended_at)),
      row('Duration', progress && duration(progress.entered_at, progress.ended_at)),
      row('Attempts', progress?.attempts || ''),
      row('Times entered', progress?.visits > 1 ? progress.visits : ''),
      row('Still open', progress?.open_visits > 1 ? progress.open_visits : ''),
    ),
    state.comment && html('p', { class: 'quiet' }, state.comment),
    failures(progress),
    data(view, 'Input', progress?.data?.input),
    data(view, 'Arguments of the call', progress?.data?.arguments),
    data(view, 'Result of the call', progress?.data?.result),
    data(view, 'Variables that it assigned', progress?.data?.assigned),
    data(view, 'Output', progress?.data?.output),
    progress && !view.mayRead && html('p', { class: 'quiet' }, NOT_READABLE),
    ways(state, view),
  );
}

export function executionData(view) {
  const { input, output } = view.execution;
  const both = [data(view, 'Input of the execution', input), data(view, 'Output of the execution', output)];
  return html('div', { class: 'table' }, both);
}

function rowButton(view, name) {
  const attributes = { type: 'button', class: 'plain-button', 'data-row': name, onclick: () => view.pick(name) };
  return html('button', attributes, name);
}

export function table(view) {
  const { execution } = view;
  const rows = everyState(execution.graph).map((state) => {
    const progress = execution.progress.states[state.name];
    const status = statusOf(execution, state.name);
    const problem = progress?.failures.at(-1);
    return html(
      'tr',
      {},
      html('th', { scope: 'row' }, rowButton(view, state.name)),
      html('td', {}, state.type),
      html('td', {}, badge(status)),
      html('td', {}, moment(progress?.entered_at)),
      html('td', {}, lasted(progress)),
      html('td', {}, progress?.attempts || ''),
      html('td', {}, progress?.wait ? waitWords(progress.wait) : (problem?.error ?? '')),
    );
  });
  const heads = ['State', 'Type', 'Status', 'Entered', 'Duration', 'Attempts', 'Waits for, or last error'];
  const head = html('tr', {}, heads.map((name) => html('th', { scope: 'col' }, name)));
  const caption = html('caption', { class: 'unseen' }, `States of ${execution.machine}, execution ${execution.name}`);
  return html('table', {}, caption, html('thead', {}, head), html('tbody', {}, rows));
}
