// CodeMirror for templates: HTML, JSON or plain text with the tags of the template language on top, completion of variables and
// filters, and the server's problems at their place. Loaded on its own (see CodeEditor.vue).
import { autocompletion, snippetCompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { html } from '@codemirror/lang-html'
import { json } from '@codemirror/lang-json'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState, RangeSetBuilder, type Extension } from '@codemirror/state'
import { Decoration, EditorView, placeholder, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup } from 'codemirror'
import { rangeOf, type Placed } from '../problems'
import { FILTERS, STATEMENTS } from './filters'
import { placeAt, tokenize } from './lexer'

export type CodeLanguage = 'text' | 'html' | 'json'
export interface Known { name: string; type: string; description: string }

const decorations = Object.fromEntries(['brace', 'keyword', 'name', 'member', 'filter', 'text', 'number', 'operator', 'comment', 'raw'].map((kind) => [kind, Decoration.mark({ class: `tpl-${kind}` })]))

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  for (const token of tokenize(view.state.doc.toString())) builder.add(token.from, token.to, decorations[token.kind] as Decoration)
  return builder.finish()
}

const templateTags = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet
    constructor(view: EditorView) { this.decorations = decorate(view) }
    update(update: ViewUpdate) { if (update.docChanged) this.decorations = decorate(update.view) }
  },
  { decorations: (plugin) => plugin.decorations },
)

// Colours by the tokens of the console, so both themes come by themselves.
const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: 'var(--info)' },
  { tag: [tags.attributeName, tags.propertyName], color: 'var(--brand)' },
  { tag: [tags.attributeValue, tags.string], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--wait)' },
  { tag: [tags.comment], color: 'var(--ink-3)', fontStyle: 'italic' },
  { tag: [tags.keyword], color: 'var(--wait)' },
])

export const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--surface)', fontSize: 'var(--text-sm)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.65' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '0.6rem 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--surface-2)', color: 'var(--ink-3)', border: '0', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--brand-soft) 45%, transparent)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection': { backgroundColor: 'color-mix(in srgb, var(--brand) 26%, transparent) !important', color: 'inherit' },
  '.cm-matchingBracket': { backgroundColor: 'var(--brand-soft) !important', outline: '1px solid var(--brand-line)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--warn-soft)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 'var(--radius-sm)', boxShadow: 'var(--shadow-2)', color: 'var(--ink)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--brand)', color: 'var(--on-brand)' },
  '.cm-completionDetail': { color: 'var(--ink-3)', fontStyle: 'normal', marginLeft: '0.8em' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-panels': { backgroundColor: 'var(--surface-2)', color: 'var(--ink)' },
  '.cm-panel input, .cm-panel button': { color: 'var(--ink)', backgroundColor: 'var(--surface)', backgroundImage: 'none', border: '1px solid var(--line-strong)', borderRadius: '4px' },
  '.cm-diagnostic': { borderLeftColor: 'var(--bad)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--surface-3)', border: '0', color: 'var(--ink-2)' },
  '.cm-placeholder': { color: 'var(--ink-3)' },
  '.tpl-brace': { color: 'var(--seal)', fontWeight: '700' },
  '.tpl-brace span, .tpl-name span, .tpl-filter span, .tpl-keyword span, .tpl-member span, .tpl-operator span, .tpl-comment span, .tpl-text span, .tpl-number span': { color: 'inherit' },
  '.tpl-keyword': { color: 'var(--wait)', fontWeight: '600' },
  '.tpl-name': { color: 'var(--brand-strong)', fontWeight: '600' },
  '.tpl-member': { color: 'var(--brand)' },
  '.tpl-filter': { color: 'var(--info)' },
  '.tpl-text': { color: 'var(--ok)' },
  '.tpl-number': { color: 'var(--wait)' },
  '.tpl-operator': { color: 'var(--ink-2)' },
  '.tpl-comment': { color: 'var(--ink-3)', fontStyle: 'italic' },
})

export const languageOf = (language: CodeLanguage): Extension => (language === 'html' ? html({ selfClosingTags: true }) : language === 'json' ? json() : [])

function completions(known: () => Known[], word: (key: string) => string) {
  return (context: CompletionContext): CompletionResult | null => {
    const place = placeAt(context.state.doc.toString(), context.pos)
    if (!place) return null
    const { from } = place
    if (place.kind === 'filter') return { from, options: FILTERS.map((filter) => snippetCompletion(filter.use.replace(/"([^"]*)"/, '"${$1}"').replace('…', ''), { label: filter.name, type: 'function', detail: filter.use, info: word(`templates.filter.${filter.name}`) })), validFor: /^\w*$/ }
    if (place.kind === 'statement') return { from, options: STATEMENTS.map((statement) => snippetCompletion(statement.insert.replaceAll('…', '${}'), { label: statement.name, type: 'keyword' })), validFor: /^\w*$/ }
    return { from, options: known().map((variable) => ({ label: variable.name, type: 'variable', detail: variable.type, info: variable.description || undefined })), validFor: /^[\p{L}\p{N}_]*$/u }
  }
}

export interface EditorSetup {
  parent: HTMLElement
  text: string
  language: CodeLanguage
  label: string
  hint: string
  readOnly: boolean
  words: Record<string, string>
  known: () => Known[]
  word: (key: string) => string
  changed: (text: string) => void
}

export function createEditor(setup: EditorSetup) {
  const language = new Compartment()
  const locked = new Compartment()
  const phrases = new Compartment()
  const view = new EditorView({
    parent: setup.parent,
    state: EditorState.create({
      doc: setup.text,
      extensions: [
        basicSetup, language.of(languageOf(setup.language)), syntaxHighlighting(colours), templateTags, look, EditorView.lineWrapping, lintGutter(),
        locked.of([EditorState.readOnly.of(setup.readOnly), EditorView.editable.of(!setup.readOnly)]),
        phrases.of(EditorState.phrases.of(setup.words)),
        autocompletion({ override: [completions(setup.known, setup.word)], icons: false }),
        placeholder(setup.hint),
        EditorView.contentAttributes.of({ 'aria-label': setup.label, spellcheck: 'false' }),
        // Tab is left alone, so that it leads on to the next field; Mod-] and Mod-[ indent.
        EditorView.updateListener.of((update) => { if (update.docChanged) setup.changed(update.state.doc.toString()) }),
      ],
    }),
  })
  return {
    view,
    set(text: string) {
      const old = view.state.doc.toString()
      if (old !== text) view.dispatch({ changes: { from: 0, to: old.length, insert: text } })
    },
    lock: (readOnly: boolean) => view.dispatch({ effects: locked.reconfigure([EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)]) }),
    say: (words: Record<string, string>) => view.dispatch({ effects: phrases.reconfigure(EditorState.phrases.of(words)) }),
    insert(text: string) {
      const { from, to } = view.state.selection.main
      view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, scrollIntoView: true })
      view.focus()
    },
    show(problems: Placed[]) {
      const text = view.state.doc.toString()
      const diagnostics = problems.map((problem) => ({ ...(problem.line ? rangeOf(text, problem.line, problem.column ?? 1) : { from: 0, to: 0 }), severity: 'error' as const, message: problem.text }))
      view.dispatch(setDiagnostics(view.state, diagnostics.map((each) => ({ ...each, to: Math.min(each.to, text.length), from: Math.min(each.from, text.length) }))))
    },
    goTo(line: number, column: number) {
      const { from } = rangeOf(view.state.doc.toString(), line, column)
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) })
      view.focus()
    },
    destroy: () => view.destroy(),
  }
}
export type CodeView = ReturnType<typeof createEditor>
