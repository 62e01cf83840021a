// Makes pages a little better; every page works without it.
"use strict";
