/* Screen: the chat on the whole terminal. This header is all that other rooms see of it.
 *
 * The program's side of ui/: one poll loop over keys, the engine, signals and time. What the chat tells becomes
 * messages and a status on the screen, what the user does there becomes calls of the chat and slash commands. Files,
 * from the top:
 *
 *   screen               opening and closing
 *   loop                 the poll loop, signals
 *   tell                 what the chat tells
 *   act, acts            what ui tells: actions; the table of what keys and popups ask for
 *   commands             the table of slash commands that the screen answers itself
 *   send                 what happens on Enter
 *   pick, help, search, prompt, copy    what those acts and commands do: popups, the clipboard
 *   lens, roads, step    how tokens came about; other continuations; token by token
 *   settings, sliders    the settings pane; its numbers
 *   changes              settings that were changed in the middle of an answer
 *   compare              answers side by side
 *   btw                  questions beside the conversation
 *   draft, composer      the unsent message; what the composer is used for, its label
 *   queue                the messages that wait, above the composer
 *   list                 the list of conversations
 *   frame                when to draw
 *   view, status         messages; the lines above and below them
 *   said                 remarks, and what a command says
 *   looks, theme         how screens are opened; the colours, kept for the next start
 *   records, token, items, due    token records kept at hand; tokens as text; popup items; due times
 *   parts                what these have in common */
#ifndef PALAVER_APP_SCREEN_SCREEN_H
#define PALAVER_APP_SCREEN_SCREEN_H

#include <stdbool.h>

#include "app/options/options.h"

/* Runs the chat; returns an exit code, after having reported what failed. */
int screen_run(const struct options *o);
/* True when the terminal is one for the screen and line mode was not chosen. */
bool screen_fits(const struct options *o);

#endif
