/** A page with nothing but its frame. */
import { openFrame } from "../lib/frame.js";

openFrame();
