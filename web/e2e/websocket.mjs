// As much of RFC 6455 as the test servers need: accepts a connection, sends texts, reads short ones.
import { createHash } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

function frame(text) {
  const body = Buffer.from(text)
  const head = body.length < 126 ? Buffer.from([0x81, body.length])
    : body.length < 65_536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
      : Buffer.concat([Buffer.from([0x81, 127]), (() => { const size = Buffer.alloc(8); size.writeBigUInt64BE(BigInt(body.length)); return size })()])
  return Buffer.concat([head, body])
}

/** Upgrades the request; onText gets what the other side says, onClose that it is gone. */
export function acceptWebSocket(request, socket, { onText = () => {}, onClose = () => {} } = {}) {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  let pending = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      if (pending.length < 2) return
      let size = pending[1] & 127
      let at = 2
      if (size === 126) { if (pending.length < 4) return; size = pending.readUInt16BE(2); at = 4 }
      const mask = pending.subarray(at, at + 4)
      if (pending.length < at + 4 + size) return
      const body = Buffer.from(pending.subarray(at + 4, at + 4 + size).map((byte, index) => byte ^ mask[index & 3]))
      const opcode = pending[0] & 15
      pending = pending.subarray(at + 4 + size)
      if (opcode === 1) onText(body.toString())
      if (opcode === 8) socket.end()
    }
  })
  socket.on('close', onClose)
  socket.on('error', onClose)
  return { send: (text) => socket.write(frame(text)), close: () => socket.end(), get waiting() { return socket.writableLength } }
}
