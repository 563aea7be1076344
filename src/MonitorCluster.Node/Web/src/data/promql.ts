// Building PromQL from parts that come from outside: label values are hostile and only ever enter as quoted strings.

export type Labels = Readonly<Record<string, string>>;

export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;
}

const plainName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const plainMetric = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

// The selector which finds exactly the series with these labels.
export function selectorOf(labels: Labels): string {
  const name = labels['__name__'] ?? '';
  const bare = plainMetric.test(name);
  const matchers = Object.entries(labels)
    .filter(([key]) => key !== '__name__' || !bare)
    .map(([key, value]) => `${plainName.test(key) ? key : quote(key)}=${quote(value)}`);
  return `${bare ? name : ''}${matchers.length > 0 || !bare ? `{${matchers.join(',')}}` : ''}`;
}

// How a series is shown: name{a="b"} with the name first and the labels in order.
export function seriesText(labels: Labels): string {
  const name = labels['__name__'] ?? '';
  const rest = Object.keys(labels)
    .filter(key => key !== '__name__')
    .sort()
    .map(key => `${key}=${quote(labels[key] ?? '')}`);
  return rest.length > 0 ? `${name}{${rest.join(', ')}}` : name || '{}';
}
