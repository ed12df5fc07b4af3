/* Layers one after the other as a program: a row's inputs are its inputs, the parameters the first of its uniforms. */
#ifndef FASTGRAD_NETWORK_H
#define FASTGRAD_NETWORK_H

#include "layers/layer.h"
#include "programs/program.h"

/* The program of layers, whose parameters follow one another; returns whether there was memory for it. Its arrays are
 * the caller's to free in any case. */
int network_program(struct program *p, uint32_t nin, const struct layer_size *size, uint32_t layers);

#endif
