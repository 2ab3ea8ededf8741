// The descriptions of what can be set, in Chinese: accounts of providers, options of messages, the server's settings.
import chat from './forms-chat'
import mailSmpp from './forms-mail-smpp'
import smsPush from './forms-sms-push'
import settings from './settings'

export default { ...smsPush, ...chat, ...mailSmpp, ...settings }
