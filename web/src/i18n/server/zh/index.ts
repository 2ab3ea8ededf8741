// What the server says in the course of its work, in Chinese. The fields of forms are in forms.ts, which only their pages load.
import channels from './channels'
import composed from './composed'
import decisions from './decisions'
import engines from './engines'
import mailSmpp from './mail-smpp'
import problems from './problems'
import templates from './templates'
import transport from './transport'
import { OUTCOMES, WORDS } from './words'

export default { texts: { ...transport, ...channels, ...mailSmpp, ...templates, ...problems, ...decisions, ...composed, ...engines }, words: WORDS, outcomes: OUTCOMES }
export { CHOICES } from './words'
