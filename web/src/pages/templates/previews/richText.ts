// The little mark-ups of chat programs as a tree, shown by elements and never as HTML: Markdown as Feishu, DingTalk and WeCom
// know it, and Slack's mrkdwn. What is not understood stays as it was typed.
export type Flavour = 'plain' | 'markdown' | 'slack'
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  | { kind: 'rule' }
  | { kind: 'bold' | 'italic' | 'strike' | 'code' | 'quote' | 'mention'; children: Node[] }
  | { kind: 'heading'; level: number; children: Node[] }
  | { kind: 'item'; bullet: string; children: Node[] }
  | { kind: 'colour'; name: string; children: Node[] }
  | { kind: 'link'; href: string; children: Node[] }
  | { kind: 'image'; alt: string; src: string }

const text = (value: string): Node => ({ kind: 'text', text: value })
const DEPTH_MAX = 8
type Rule = [RegExp, (match: RegExpMatchArray, inner: (source: string) => Node[]) => Node]

const MARKDOWN: Rule[] = [
  [/`([^`\n]+)`/, (match) => ({ kind: 'code', children: [text(match[1] as string)] })],
  [/!\[([^\]\n]*)\]\(([^)\s]*)\)/, (match) => ({ kind: 'image', alt: match[1] as string, src: match[2] as string })],
  [/\[([^\]\n]+)\]\(([^)\s]*)\)/, (match, inner) => ({ kind: 'link', href: match[2] as string, children: inner(match[1] as string) })],
  [/<a href=['"]([^'"]*)['"][^>]*>(.*?)<\/a>/, (match, inner) => ({ kind: 'link', href: match[1] as string, children: inner(match[2] as string) })],
  [/<at (?:user_)?id=["']?([^"'>]+)["']?\s*>(.*?)<\/at>/, (match) => ({ kind: 'mention', children: [text(`@${match[2] || match[1]}`)] })],
  [/<font color=["']?([\w#-]+)["']?>([\s\S]*?)<\/font>/, (match, inner) => ({ kind: 'colour', name: match[1] as string, children: inner(match[2] as string) })],
  [/\*\*(.+?)\*\*|__(.+?)__/, (match, inner) => ({ kind: 'bold', children: inner((match[1] ?? match[2]) as string) })],
  [/~~(.+?)~~/, (match, inner) => ({ kind: 'strike', children: inner(match[1] as string) })],
  [/(?<![*\w])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![*\w])/, (match, inner) => ({ kind: 'italic', children: inner(match[1] as string) })],
]
const SLACK: Rule[] = [
  [/`([^`\n]+)`/, (match) => ({ kind: 'code', children: [text(match[1] as string)] })],
  [/<(https?:[^|>\s]+|mailto:[^|>\s]+)(?:\|([^>]*))?>/, (match) => ({ kind: 'link', href: match[1] as string, children: [text(match[2] || (match[1] as string))] })],
  [/<([@#!][^|>\s]+)(?:\|([^>]*))?>/, (match) => ({ kind: 'mention', children: [text(match[2] || (match[1] as string).replace(/^!/, '@'))] })],
  [/(?<![*\w])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![*\w])/, (match, inner) => ({ kind: 'bold', children: inner(match[1] as string) })],
  [/(?<![_\w])_([^_\s](?:[^_\n]*[^_\s])?)_(?![_\w])/, (match, inner) => ({ kind: 'italic', children: inner(match[1] as string) })],
  [/(?<![~\w])~([^~\s](?:[^~\n]*[^~\s])?)~(?![~\w])/, (match, inner) => ({ kind: 'strike', children: inner(match[1] as string) })],
]

function inline(source: string, rules: Rule[], depth = 0): Node[] {
  if (depth > DEPTH_MAX) return [text(source)]
  const nodes: Node[] = []
  let rest = source
  while (rest) {
    let best: { match: RegExpMatchArray; make: Rule[1] } | undefined
    for (const [pattern, make] of rules) {
      const match = rest.match(pattern)
      if (match && (!best || (match.index as number) < (best.match.index as number))) best = { match, make }
    }
    if (!best) { nodes.push(text(rest)); break }
    const at = best.match.index as number
    if (at > 0) nodes.push(text(rest.slice(0, at)))
    nodes.push(best.make(best.match, (inner) => inline(inner, rules, depth + 1)))
    rest = rest.slice(at + best.match[0].length)
  }
  return nodes
}

export function parseRich(source: string, flavour: Flavour): Node[] {
  if (flavour === 'plain') return source.split('\n').flatMap((line, at) => (at ? [{ kind: 'break' } as Node, text(line)] : [text(line)]))
  const rules = flavour === 'slack' ? SLACK : MARKDOWN
  const nodes: Node[] = []
  source.split('\n').forEach((line, at) => {
    const heading = flavour === 'markdown' ? line.match(/^(#{1,6})\s+(.*)$/) : null
    const quote = line.match(/^\s*(?:>|&gt;)\s?(.*)$/)
    const item = line.match(/^\s*(?:([-*+•])|(\d+[.)]))\s+(.*)$/)
    if (/^\s*(---+|\*\*\*+)\s*$/.test(line)) nodes.push({ kind: 'rule' })
    else if (heading) nodes.push({ kind: 'heading', level: (heading[1] as string).length, children: inline(heading[2] as string, rules) })
    else if (quote) nodes.push({ kind: 'quote', children: inline(quote[1] as string, rules) })
    else if (item) nodes.push({ kind: 'item', bullet: item[2] ?? '•', children: inline(item[3] as string, rules) })
    else {
      const before = nodes.at(-1)?.kind
      if (at && before !== 'heading' && before !== 'quote' && before !== 'item' && before !== 'rule') nodes.push({ kind: 'break' })
      nodes.push(...inline(line, rules))
    }
  })
  return nodes
}

/** Addresses that may be shown as links; they are not followed in a preview. */
export const isHarmless = (href: string): boolean => /^(https?:|mailto:|tel:|lark:|dingtalk:|weixin:|#|\/)/i.test(href.trim())
