import { render } from 'preact';
import * as z from 'zod';
import { App } from './app.tsx';
import { listenToKeys } from './state/keys.ts';
import { stayConnected } from './state/live.ts';
import { keepTitle } from './state/title.ts';

// The page's content security policy does not allow code that is created from text.
z.config({ jitless: true });

const place = document.getElementById('app');
if (place) render(<App />, place);
stayConnected();
listenToKeys();
keepTitle();
