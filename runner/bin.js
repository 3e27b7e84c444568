#!/usr/bin/env node
// npm links a command only if its file is there when it installs; what it runs is built after that.
import './dist/runner/bin.js';
