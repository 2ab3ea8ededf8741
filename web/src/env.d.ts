/// <reference types="vite/client" />
import 'vue-router'
import type { Component } from 'vue'
import type { Channel, Scope } from './api/contract'

declare global {
  /** Written by Vite from docs/openapi.json. */
  const __CHANNELS__: readonly Channel[]
}

declare module 'vue-router' {
  interface RouteMeta {
    /** Words of the page: i18n/<language>/<area>.ts, loaded before it. Its title is t(`${area}.title`) unless `title` says otherwise. */
    area?: string
    title?: string
    /** No key needed. */
    open?: boolean
    /** Without navigation and bars around it. */
    bare?: boolean
    /** What the key must be allowed to do for the page to be of use. */
    scope?: Scope
    /** An entry in the navigation. */
    nav?: { section: 'watch' | 'send' | 'operate' | 'admin'; order: number; icon: Component; /** After "g". */ key?: string }
  }
}
