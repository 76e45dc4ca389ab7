// What every part of the builder may know and do.

import { createContext, useContext } from "react";

export const Builder = createContext(null);
export const useBuilder = () => useContext(Builder);
