/* Layers and losses on symbols: see operations/algebra.h. */
#ifndef FASTGRAD_LAYER_SYMBOLS_H
#define FASTGRAD_LAYER_SYMBOLS_H

#include "layers/loss.h"
#include "operations/algebra.h"

/* The results of a layer of `size.nout` neurons with nin inputs, whose parameters are those of each neuron, its weights
 * and its bias. `work` has room for 2 * nin symbols. */
void layer_symbols(struct algebra *s, const symbol *parameters, const symbol *x, uint32_t nin, struct layer_size size,
                   symbol *result, symbol *work);

/* A loss, whose targets are numbers, of predictions in x, row by row. `work` has room for the rows and, behind them,
 * for a row's logits twice. */
symbol loss_symbol(struct algebra *s, const struct loss *loss, const symbol *x, symbol *work);

/* alpha times the sum of n squares; `work` has room for 2 * n. */
symbol penalty_symbol(struct algebra *s, double alpha, const symbol *x, uint64_t n, symbol *work);

/* The value and the slope (by p) of a loss of one prediction and one target, with its constant. Written by
 * src/expressions.py from losses.def. */
symbol loss_value_symbol(struct algebra *s, unsigned loss, symbol p, symbol t, symbol c);
symbol loss_slope_symbol(struct algebra *s, unsigned loss, symbol p, symbol t, symbol c);

#endif
