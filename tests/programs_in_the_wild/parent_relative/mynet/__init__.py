"""mynet"""
