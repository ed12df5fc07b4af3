from fastgrad._layers.batch import Batch as Batch
from fastgrad._layers.dense import ACTIVATIONS as ACTIVATIONS
from fastgrad.nn import init as init
from fastgrad.nn.layers import Layer as Layer
from fastgrad.nn.layers import Neuron as Neuron
from fastgrad.nn.layers import Perceptron as Perceptron
from fastgrad.nn.module import Module as Module
from fastgrad.nn.networks import MLP as MLP
from fastgrad.nn.networks import MultiLayerPerceptron as MultiLayerPerceptron
from fastgrad.nn.networks import Sequential as Sequential

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Batch",
    "Layer",
    "Module",
    "MultiLayerPerceptron",
    "Neuron",
    "Perceptron",
    "Sequential",
    "init",
]
