// The filters of the template language, for completion and help. What each does is said in the words of the page
// (templates.filter.<name>); the examples are the ones of docs/templates.md.
export interface FilterInfo { name: string; use: string; example: string; result: string }

export const FILTERS: FilterInfo[] = [
  { name: 'default', use: 'default("…")', example: '{{ name | default("customer") }}', result: 'customer' },
  { name: 'upper', use: 'upper', example: '{{ name | upper }}', result: 'ANN' },
  { name: 'lower', use: 'lower', example: '{{ code | lower }}', result: 'abc' },
  { name: 'capitalize', use: 'capitalize', example: '{{ city | capitalize }}', result: 'Köln' },
  { name: 'trim', use: 'trim', example: '{{ name | trim }}', result: 'Ann' },
  { name: 'truncate', use: 'truncate(12)', example: '{{ title | truncate(12) }}', result: 'Maintenance…' },
  { name: 'replace', use: 'replace("-", " ")', example: '{{ phone | replace("-", " ") }}', result: '138 1234 5678' },
  { name: 'length', use: 'length', example: '{{ items | length }}', result: '3' },
  { name: 'join', use: 'join(", ")', example: '{{ tags | join(" / ") }}', result: 'new / sale' },
  { name: 'first', use: 'first', example: '{{ queue | first }}', result: 'ann' },
  { name: 'last', use: 'last', example: '{{ queue | last }}', result: 'bob' },
  { name: 'number', use: 'number(2, ",")', example: '{{ sum | number(2, ",") }}', result: '1,234,567.01' },
  { name: 'currency', use: 'currency("CNY")', example: '{{ sum | currency("CNY") }}', result: '¥1,234.50' },
  { name: 'round', use: 'round(2)', example: '{{ share | round(2) }}', result: '0.13' },
  { name: 'date', use: 'date("%F")', example: '{{ at | date("%Y-%m-%d %H:%M") }}', result: '2026-11-03 08:05' },
  { name: 'urlencode', use: 'urlencode', example: '{{ query | urlencode }}', result: 'tea%20%26' },
  { name: 'json', use: 'json', example: '{{ order | json }}', result: '{"no":"A17"}' },
  { name: 'escape', use: 'escape', example: '{{ name | escape }}', result: '&lt;Ann&gt;' },
  { name: 'html', use: 'html', example: '{{ name | html }}', result: '&lt;Ann&gt;' },
  { name: 'nl2br', use: 'nl2br', example: '{{ note | nl2br }}', result: 'a<br>b' },
  { name: 'safe', use: 'safe', example: '{{ banner | safe }}', result: '<b>Sale</b>' },
]
export const FILTER_NAMES = FILTERS.map((filter) => filter.name)

export interface StatementInfo { name: string; insert: string }
export const STATEMENTS: StatementInfo[] = [
  { name: 'if', insert: 'if … %}…{% endif' },
  { name: 'elif', insert: 'elif …' },
  { name: 'else', insert: 'else' },
  { name: 'endif', insert: 'endif' },
  { name: 'for', insert: 'for item in … %}…{% endfor' },
  { name: 'endfor', insert: 'endfor' },
  { name: 'raw', insert: 'raw %}…{% endraw' },
  { name: 'endraw', insert: 'endraw' },
]
