// Whether a page is on its way: its code, its words or the session are still loading.
import { shallowRef } from 'vue'

export const opening = shallowRef(false)
