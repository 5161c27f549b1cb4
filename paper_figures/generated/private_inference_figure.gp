# gnuplot -e "format='svg'" private_inference_figure.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1100,920 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 11.00in,9.20in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1100,920 font "DejaVu Sans,11" }
set output "private_inference_figure" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set ylabel "test accuracy, %"
set xrange [0:*]
set offsets 0, graph 0.05, graph 0.05, graph 0.05
set multiplot layout 2,2 margins screen 0.08,0.97,0.170,0.924 spacing screen 0.09,0.11 title "Accuracy against what one inference takes in a two-party engine, cheetah" . "\n" . "[1] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; schedules not the" . "\n" . "paper's" noenhanced
unset key
set xlabel "measured bytes of one inference, MB"
plot "private_inference_figure.dat" index 0 using 2:1 with points lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce", \
     "private_inference_figure.dat" index 1 using 2:1 with points lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet pre from teacher", \
     "private_inference_figure.dat" index 2 using 2:1 with points lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by multiply", \
     "private_inference_figure.dat" index 3 using 2:1 with points lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by select", \
     "private_inference_figure.dat" index 4 using 2:1 with points lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre", \
     "private_inference_figure.dat" index 5 using 2:1 with points lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SENet++ pre at width 0.5", \
     "private_inference_figure.dat" index 6 using 2:1 with points lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "SNL", \
     "private_inference_figure.dat" index 7 using 2:1 with points lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "all ReLUs", \
     "private_inference_figure.dat" index 8 using 2:1 with points lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "channel pre"
set xlabel "measured rounds of one inference"
plot "private_inference_figure.dat" index 0 using 4:1 with points lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce", \
     "private_inference_figure.dat" index 1 using 4:1 with points lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet pre from teacher", \
     "private_inference_figure.dat" index 2 using 4:1 with points lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by multiply", \
     "private_inference_figure.dat" index 3 using 4:1 with points lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by select", \
     "private_inference_figure.dat" index 4 using 4:1 with points lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre", \
     "private_inference_figure.dat" index 5 using 4:1 with points lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SENet++ pre at width 0.5", \
     "private_inference_figure.dat" index 6 using 4:1 with points lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "SNL", \
     "private_inference_figure.dat" index 7 using 4:1 with points lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "all ReLUs", \
     "private_inference_figure.dat" index 8 using 4:1 with points lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "channel pre"
set xlabel "latency in a LAN (3000.0 Mb/s, 0.8 ms), computed, s"
plot "private_inference_figure.dat" index 0 using 5:1 with points lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce", \
     "private_inference_figure.dat" index 1 using 5:1 with points lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet pre from teacher", \
     "private_inference_figure.dat" index 2 using 5:1 with points lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by multiply", \
     "private_inference_figure.dat" index 3 using 5:1 with points lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by select", \
     "private_inference_figure.dat" index 4 using 5:1 with points lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre", \
     "private_inference_figure.dat" index 5 using 5:1 with points lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SENet++ pre at width 0.5", \
     "private_inference_figure.dat" index 6 using 5:1 with points lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "SNL", \
     "private_inference_figure.dat" index 7 using 5:1 with points lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "all ReLUs", \
     "private_inference_figure.dat" index 8 using 5:1 with points lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "channel pre"
set key at screen 0.5,0.01 bottom center vertical maxrows 5 noenhanced font ",9"
set xlabel "latency in a WAN (200.0 Mb/s, 40.0 ms), computed, s"
plot "private_inference_figure.dat" index 0 using 6:1 with points lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce", \
     "private_inference_figure.dat" index 1 using 6:1 with points lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet pre from teacher", \
     "private_inference_figure.dat" index 2 using 6:1 with points lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by multiply", \
     "private_inference_figure.dat" index 3 using 6:1 with points lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher, masks by select", \
     "private_inference_figure.dat" index 4 using 6:1 with points lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre", \
     "private_inference_figure.dat" index 5 using 6:1 with points lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SENet++ pre at width 0.5", \
     "private_inference_figure.dat" index 6 using 6:1 with points lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "SNL", \
     "private_inference_figure.dat" index 7 using 6:1 with points lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "all ReLUs", \
     "private_inference_figure.dat" index 8 using 6:1 with points lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "channel pre"
unset multiplot
unset output
