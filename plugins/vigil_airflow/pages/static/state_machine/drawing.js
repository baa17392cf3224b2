// From places to SVG. Each state is a button that says in words what its colour and icon show.
import { HEIGHT, layout } from './layout.js';
import { svg } from './page.js';
import { ICON, statusOf } from './words.js';

const PAD = 16;
const EDGE_KINDS = { catch: 'error', default: 'otherwise' };

export function icon(status) {
  return svg('path', { class: 'icon', d: ICON[status], 'aria-hidden': 'true' });
}

function line(points) {
  const at = (point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`;
  if (points.length < 3) return `M${points.map(at).join('L')}`;
  let path = `M${at(points[0])}`;
  for (let i = 1; i < points.length - 1; i += 1) {
    const [here, next] = [points[i], points[i + 1]];
    const end = i === points.length - 2 ? next : { x: (here.x + next.x) / 2, y: (here.y + next.y) / 2 };
    path += `Q${at(here)} ${at(end)}`;
  }
  return path;
}

function edgeOf(edge) {
  const { way } = edge;
  const kind = way.kinds.every((each) => each === 'catch') ? EDGE_KINDS.catch : '';
  const classes = ['way', kind, way.taken ? 'taken' : ''].filter(Boolean).join(' ');
  const arrowhead = `url(#${way.taken ? 'arrow-taken' : 'arrow'})`;
  const mark = svg('path', { class: classes, d: line(edge.points), 'marker-end': arrowhead });
  return svg('g', { 'aria-hidden': 'true' }, mark, edge.label && [
    svg('title', {}, edge.whole),
    svg('rect', { class: 'way-back', x: edge.x - edge.width / 2, y: edge.y - 8, width: edge.width, height: 16 }),
    svg('text', { class: 'way-label', x: edge.x, y: edge.y + 4 }, edge.label),
  ]);
}

function nodeOf(node, view) {
  const { state, text } = node;
  const status = statusOf(view.execution, state.name);
  const classes = ['state', status, state.name === view.selected ? 'selected' : ''].filter(Boolean).join(' ');
  const [left, top] = [node.x - node.width / 2, node.y - node.height / 2];
  const pick = (event) => {
    event.stopPropagation();
    view.pick(state.name);
  };
  const keyed = (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    pick(event);
  };
  const button = svg(
    'g',
    {
      class: classes, role: 'button', tabindex: '0', 'data-state': state.name, 'aria-label': `${state.name}: ${text}`,
      'aria-pressed': state.name === view.selected ? 'true' : 'false', onclick: pick, onkeydown: keyed,
    },
    svg('rect', { width: node.width, height: node.height, rx: state.type === 'Choice' ? 18 : 6 }),
    svg('g', { transform: 'translate(12 15)' }, icon(status)),
    svg('text', { class: 'title', x: 36, y: 20 }, state.name),
    svg('text', { class: 'note', x: 36, y: 36 }, text),
  );
  const group = svg('g', { transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})` }, button);
  let x = PAD;
  for (const inner of node.inner) {
    group.append(svg('g', { transform: `translate(${x} ${HEIGHT})` }, contents(inner, view)));
    x += inner.width + PAD;
  }
  return group;
}

function contents(places, view) {
  return svg('g', {}, places.edges.map(edgeOf), places.nodes.map((node) => nodeOf(node, view)));
}

function arrow(id) {
  const marker = { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' };
  return svg('marker', marker, svg('path', { class: id, d: 'M0,0L8,4L0,8z' }));
}

/** ``view``: execution, selected, all (whether error ways that were not taken are drawn), pick(name). */
export function drawing(view) {
  const places = layout(view.execution.graph, view.execution, view.all);
  return svg(
    'svg',
    {
      class: 'drawing', role: 'group', viewBox: `0 0 ${Math.ceil(places.width)} ${Math.ceil(places.height)}`,
      width: Math.ceil(places.width), height: Math.ceil(places.height),
      'aria-label': `States of ${view.execution.machine}; the table below says the same`,
    },
    svg('defs', {}, arrow('arrow'), arrow('arrow-taken')),
    contents(places, view),
  );
}
