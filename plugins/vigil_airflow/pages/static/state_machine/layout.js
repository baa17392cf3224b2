// From a machine's graph to places. Branches of a Map or Parallel are laid out first and become sized boxes.
import dagre from './dagre.esm.js';
import { lasted, STATUS, statusOf } from './words.js';

export const HEIGHT = 46;
const PAD = 16;
const LEAST_WIDTH = 132;
const LABEL_CHARACTERS = 34;
const ruler = document.createElement('canvas').getContext('2d');

function width(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}

export const TITLE_FONT = '600 13px Inter, system-ui, sans-serif';
export const NOTE_FONT = '12px Inter, system-ui, sans-serif';

export function note(execution, state) {
  const progress = execution.progress.states[state.name];
  const time = lasted(progress);
  const tries = progress?.attempts > 1 ? `, ${progress.attempts} attempts` : '';
  return `${state.type} · ${STATUS[statusOf(execution, state.name)]}${time ? ` · ${time}` : ''}${tries}`;
}

const onlyErrors = (state, to) => state.transitions.every((way) => way.to !== to || way.kind === 'catch');

/** Ways between the same two states become one, whichever of them was taken. */
function waysOf(graph, execution, all) {
  const taken = new Set(execution.progress.taken.map((way) => way.join('\n')));
  const ways = new Map();
  for (const state of graph.states) {
    for (const way of state.transitions) {
      const key = `${state.name}\n${way.to}`;
      if (!all && way.kind === 'catch' && !taken.has(key)) continue;
      const known = ways.get(key) ?? { from: state.name, to: way.to, taken: taken.has(key), labels: [], kinds: [] };
      if (way.label && (way.kind !== 'catch' || onlyErrors(state, way.to))) known.labels.push(way.label);
      known.kinds.push(way.kind);
      ways.set(key, known);
    }
  }
  return [...ways.values()];
}

/** States from which the machine can still end well by the ways that are shown. */
function hopeful(graph, ways) {
  const ends = graph.states.filter((state) => !state.transitions.length && state.type !== 'Fail');
  const found = new Set(ends.map((state) => state.name));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const way of ways) if (found.has(way.to)) found.add(way.from);
  }
  return found;
}

/** States that were entered, and those ahead; unless ``all`` are wanted, not those that lead to failures only. */
function shownStates(graph, execution, ways, all) {
  const good = hopeful(graph, ways);
  const entered = graph.states.filter((state) => execution.progress.states[state.name]);
  const seen = new Set(entered.map((state) => state.name));
  const open = [graph.start, ...seen];
  while (open.length) {
    const name = open.pop();
    seen.add(name);
    for (const way of ways) if (way.from === name && !seen.has(way.to) && (all || good.has(way.to))) open.push(way.to);
  }
  return graph.states.filter((state) => seen.has(state.name));
}

function short(label) {
  return label.length > LABEL_CHARACTERS ? `${label.slice(0, LABEL_CHARACTERS - 1)}…` : label;
}

export function layout(graph, execution, all) {
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 34, edgesep: 14, marginx: PAD, marginy: PAD });
  g.setDefaultEdgeLabel(() => ({}));
  const every = waysOf(graph, execution, all);
  const states = shownStates(graph, execution, every, all);
  const names = new Set(states.map((state) => state.name));
  const ways = every.filter((way) => names.has(way.from) && names.has(way.to));
  for (const state of states) {
    const text = note(execution, state);
    const own = Math.max(LEAST_WIDTH, width(state.name, TITLE_FONT) + 48, width(text, NOTE_FONT) + 48);
    const inner = state.branches.map((branch) => layout(branch, execution, all));
    const across = inner.reduce((sum, each) => sum + each.width + PAD, PAD);
    const down = inner.length ? HEIGHT + PAD + Math.max(...inner.map((each) => each.height)) : HEIGHT;
    g.setNode(state.name, { width: inner.length ? Math.max(own, across) : own, height: down, state, inner, text });
  }
  for (const way of ways) {
    const label = short(way.labels.length > 1 ? `${way.labels.length} conditions` : (way.labels[0] ?? ''));
    const size = label ? { width: width(label, NOTE_FONT) + 8, height: 15, labelpos: 'c' } : {};
    g.setEdge(way.from, way.to, { ...size, label, whole: way.labels.join('\n'), way });
  }
  dagre.layout(g);
  // In the order of reading, which is that of the Tab key.
  const top = (node) => node.y - node.height / 2;
  const nodes = g.nodes().map((name) => g.node(name)).sort((a, b) => top(a) - top(b) || a.x - b.x);
  return { nodes, edges: g.edges().map((edge) => g.edge(edge)), width: g.graph().width, height: g.graph().height };
}
