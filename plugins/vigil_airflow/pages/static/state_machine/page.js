// Elements made one by one: no text ever becomes markup. And the theme of the page around.

const SVG = 'http://www.w3.org/2000/svg';

const isNothing = (value) => value === null || value === undefined || value === false || value === '';

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (!isNothing(value)) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => !isNothing(child)));
  return node;
}

export const html = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);

export const svg = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);

/** Airflow marks its own theme on its root element; alone, the page follows the system. */
export function followTheme() {
  const root = document.documentElement;
  try {
    const around = window.parent.document.documentElement;
    if (around === root) return;
    const take = () => {
      root.classList.toggle('dark', around.classList.contains('dark'));
      root.classList.toggle('light', !around.classList.contains('dark'));
    };
    take();
    new MutationObserver(take).observe(around, { attributes: true, attributeFilter: ['class'] });
  } catch {
    // In a page of another origin there is nothing to follow.
  }
}
