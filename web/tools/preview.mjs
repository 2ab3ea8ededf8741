// Serves web/dist under the real Content-Security-Policy and passes everything else on to a running server:
//   HONGYAN_URL=http://127.0.0.1:8000 PORT=4173 npm run preview
import { startFront } from './front.mjs'

const target = process.env.HONGYAN_URL ?? 'http://127.0.0.1:8000'
const { url } = await startFront(target, Number(process.env.PORT ?? 4173))
console.log(`${url} → ${target}`)
